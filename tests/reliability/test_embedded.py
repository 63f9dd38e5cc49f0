"""Corrals that bring their engine along: it is killed, or its owner is."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.command import Command, corral_serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.reliability.counting import CountingEndpoint
from tests.reliability.owned import engine_pid, send_signal

FLOWS_AGAIN = 5.0  # of which two seconds are for a busy machine
ORDER = {"name": "order", "data": {"n": 1}}
OPTS = {"concurrency": 10, "maxStalledCount": 9}


@asynccontextmanager
async def corral(folder: Path) -> AsyncIterator[Command]:
    variables = {
        "AUTH_TOKENS": TOKEN,
        "CORRAL_LOG_FORMAT": "json",
        "CORRAL_DATA_DIR": str(folder / "data"),
        "CORRAL_DURABILITY": "fsync",
        "CORRAL_LOCK_DURATION": "2000",
        "CORRAL_STALLED_INTERVAL": "300",
    }
    async with corral_serve(folder, **variables) as command:
        yield command


async def test_an_engine_that_is_killed_comes_back(tmp_path: Path, counting: CountingEndpoint) -> None:
    async with corral(tmp_path) as command:
        client = Client(await command.port())
        await client.register("orders", counting.url, opts=OPTS)
        await client.add("orders", *[ORDER] * 1000)
        await counting.has_seen(200)
        send_signal(tmp_path / "data", signal.SIGKILL)
        await command.line(lambda line: "engine-died" in line)
        seen = len(counting.calls)
        await counting.has_seen(seen + 100, FLOWS_AGAIN)
        await until(lambda: _completed(client, 1000))
        assert len(counting.calls) == 1000


async def test_an_idle_engine_that_is_killed_comes_back(tmp_path: Path, counting: CountingEndpoint) -> None:
    async with corral(tmp_path) as command:
        client = Client(await command.port())
        await client.register("orders", counting.url)
        for times in (1, 2):
            send_signal(tmp_path / "data", signal.SIGKILL)
            async with asyncio.timeout(FLOWS_AGAIN):
                await until(lambda: _added(client))
                await counting.has_seen(times)


async def test_a_second_corral_takes_over_from_a_killed_owner(tmp_path: Path, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    async with corral(tmp_path) as owner:
        first = Client(await owner.port())
        await first.register("orders", endpoint.url, timeout=20_000, opts=OPTS)
        await first.add("orders", *[ORDER] * 10)
        running = await endpoint.take(10)
        async with corral(tmp_path) as second:
            client = Client(await second.port())
            engine = engine_pid(tmp_path / "data")
            await owner.end()
            endpoint.script = lambda call: response({"ok": True})
            async with asyncio.timeout(FLOWS_AGAIN):
                await until(lambda: engine_pid(tmp_path / "data") not in (engine, None))
                await until(lambda: _added(client))
            await until(lambda: _completed(client, 11))
            assert {call.job["id"] for call in running} < {call.job["id"] for call in endpoint.seen[10:]}
            assert len(endpoint.seen) == 21
            second.terminate()
            assert await second.exit_code() == 0


async def _added(client: Client) -> bool:
    return (await client.call("POST", "/queues/orders/jobs", [ORDER])).status == 200


async def _completed(client: Client, jobs: int) -> bool:
    counts = await client.counts("orders", "completed,failed")
    return bool(counts == {"completed": jobs, "failed": 0})
