"""What corral does while its engine is away, and once it is back."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from corral.testing.engines import RunningEngine
from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.command import corral_serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.reliability.counting import CountingEndpoint

FLOWS_AGAIN = 5.0  # of which two seconds are for a busy machine
TOLD_WITHIN = 4.5  # less than a command waits for its reply
AWAY = 8.0
QUEUES = [f"orders{n}" for n in range(20)]
LISTENERS = 5
VARIABLES = {"AUTH_TOKENS": TOKEN, "CORRAL_LOG_FORMAT": "json"}
ORDER = {"name": "order", "data": {"n": 1}}


async def test_a_short_restart_of_the_engine(engine: RunningEngine, tmp_path: Path, endpoint: EndpointServer) -> None:
    """Jobs flow again soon, and what became known meanwhile is stored."""
    endpoint.script = hold
    async with corral_serve(tmp_path, **VARIABLES, REDIS_URL=engine.url) as command:
        client = Client(await command.port())
        await client.register("orders", endpoint.url, timeout=20_000, opts={"concurrency": 5})
        await client.add("orders", *[ORDER] * 20)
        calls = await endpoint.take(5)
        engine.kill()
        await command.line(lambda line: "engine-lost" in line)
        endpoint.script = lambda call: response({"ok": True})
        for call in calls:
            call.respond(response({"known": "meanwhile"}))
        await _pass(0.5)
        await asyncio.to_thread(engine.restart)
        async with asyncio.timeout(FLOWS_AGAIN):
            await endpoint.take(15)
        for call in calls:
            job = await client.finished("orders", call.job["id"])
            assert (job["returnvalue"], job["attemptsMade"]) == ({"known": "meanwhile"}, 1)
        assert set(Counter(call.job["id"] for call in endpoint.seen).values()) == {1}


async def test_a_long_absence_of_the_engine_costs_little_and_ends_at_once(
    engine: RunningEngine, tmp_path: Path, counting: CountingEndpoint
) -> None:
    async with corral_serve(tmp_path, **VARIABLES, REDIS_URL=engine.url) as command, AsyncExitStack() as stack:
        client = Client(await command.port())
        for queue in QUEUES:
            await client.register(queue, counting.url)
        heard = [await stack.enter_async_context(_listening(client, queue)) for queue in QUEUES[:LISTENERS]]
        await _add_everywhere(client)
        await counting.was_called(len(QUEUES))

        engine.kill()
        await command.line(lambda line: "engine-lost" in line)
        cpu, lines, begun = _cpu_seconds(command.pid), len(command.lines), time.monotonic()
        await asyncio.gather(_is_told(client), _pass(AWAY))
        share = (_cpu_seconds(command.pid) - cpu) / (time.monotonic() - begun)
        said = command.lines[lines:]
        print(f"away for {AWAY:g} s: {share:.1%} of a core, {len(said)} log lines")
        assert share <= 0.05
        assert _most_in_a_second(said) <= 2

        await asyncio.to_thread(engine.restart)
        async with asyncio.timeout(FLOWS_AGAIN):
            await _add_everywhere(client)
            await counting.was_called(2 * len(QUEUES))
            for events in heard:
                assert [await _completed(events) for _ in range(2)] == ["1", "2"]
        assert (await client.call("GET", "/health")).json()["engine"]["state"] == "ready"


async def _pass(seconds: float) -> None:
    """Let the time go by that the test is about."""
    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=seconds)


async def _is_told(client: Client) -> None:
    """Requests are answered soon, with what is the matter."""
    now = time.monotonic
    begun = now()
    added = await client.call("POST", "/queues/orders/jobs", [ORDER])
    assert (added.status, now() - begun < TOLD_WITHIN) == (503, True), (added, now() - begun)
    begun = now()
    health = await client.call("GET", "/health", token=None)
    assert (health.status, now() - begun < TOLD_WITHIN) == (200, True)
    assert health.json()["engine"] == {"state": "unavailable"}


async def _add_everywhere(client: Client) -> None:
    """One job for each queue, as soon as the server takes it."""

    async def added(queue: str) -> bool:
        reply = await client.call("POST", f"/queues/{queue}/jobs", [ORDER])
        assert reply.status in (200, 503), reply
        return reply.status == 200

    for queue in QUEUES:
        await until(lambda queue=queue: added(queue))  # type: ignore[misc]


@asynccontextmanager
async def _listening(client: Client, queue: str) -> AsyncIterator[ClientConnection]:
    url = f"ws://127.0.0.1:{client.port}/queues/{queue}/events?events=completed&token={TOKEN}"
    async with connect(url, proxy=None) as events:
        await events.send(json.dumps({"id": 1, "data": {"fn": "on", "args": ["completed"]}}))
        await events.recv()
        yield events


async def _completed(events: ClientConnection) -> str:
    message: Any = json.loads(await events.recv())
    job_id: str = message["data"]["args"][0]["jobId"]
    return job_id


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _most_in_a_second(lines: list[str]) -> int:
    times = [datetime.fromisoformat(json.loads(line)["time"]).timestamp() for line in lines]
    return max((sum(begin <= at < begin + 1 for at in times) for begin in times), default=0)
