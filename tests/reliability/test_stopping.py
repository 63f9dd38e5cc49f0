"""SIGTERM with jobs in flight: what ends in time is stored, and the process ends in time whatever happens."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from corral.stores.embedded.run import STOP_SECONDS
from corral.testing.engines import RunningEngine, is_vacant
from corral.testing.server import TOKEN
from tests.acceptance.client import Client
from tests.acceptance.command import Command, corral_serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.reliability.conftest import Connect
from tests.reliability.owned import send_signal
from tests.worker.kit import counts, reach

JOBS = 20
IN_FLIGHT = 8
MARGIN = 4.0  # of which half is the tests' own, on a busy machine


@asynccontextmanager
async def corral(folder: Path, endpoint: EndpointServer, grace: float, **engine: str) -> AsyncIterator[Command]:
    """A corral with jobs in flight that `endpoint` has not answered yet, and with somebody to be told of them."""
    variables = {"AUTH_TOKENS": TOKEN, "CORRAL_LOG_FORMAT": "json", "CORRAL_SHUTDOWN_TIMEOUT": str(grace)}
    endpoint.script = hold
    async with corral_serve(folder, **variables, **engine) as command:
        client = Client(await command.port())
        hook = {"url": endpoint.url, "events": ["job.failed"]}
        assert (await client.call("POST", "/api/webhooks", hook)).status == 201
        await client.register("orders", endpoint.url, timeout=20_000, opts={"concurrency": IN_FLIGHT})
        await client.add("orders", *[{"name": "order", "data": 1}] * JOBS)
        yield command


async def test_jobs_that_end_in_time_are_stored_and_no_other_begins(
    engine: RunningEngine, tmp_path: Path, endpoint: EndpointServer, connect: Connect
) -> None:
    async with corral(tmp_path, endpoint, 10, REDIS_URL=engine.url) as command:
        calls = await endpoint.take(IN_FLIGHT)
        command.terminate()
        await command.line(lambda line: "SIGTERM" in line)
        for call in calls:
            call.respond(response({"ok": True}))
        assert await command.exit_code() == 0, "\n".join(command.lines)
    store = await connect(engine.url)
    assert await counts(store, "orders") == {"waiting": JOBS - IN_FLIGHT, "completed": IN_FLIGHT}
    assert len(endpoint.seen) == IN_FLIGHT


async def test_jobs_that_do_not_end_are_left_to_the_next_corral(
    engine: RunningEngine, tmp_path: Path, endpoint: EndpointServer, connect: Connect
) -> None:
    store = await connect(engine.url)
    short = {"CORRAL_LOCK_DURATION": "2000", "CORRAL_STALLED_INTERVAL": "300"}
    async with corral(tmp_path, endpoint, 0.5, REDIS_URL=engine.url, **short) as command:
        await endpoint.take(IN_FLIGHT)
        await _ends(command, 0.5)
    assert await counts(store, "orders") == {"waiting": JOBS - IN_FLIGHT, "active": IN_FLIGHT}
    endpoint.script = lambda call: response({"ok": True})
    async with corral_serve(tmp_path, AUTH_TOKENS=TOKEN, REDIS_URL=engine.url, CORRAL_STALLED_INTERVAL="300"):
        await reach(store, "orders", completed=JOBS)
    assert len(endpoint.seen) == JOBS + IN_FLIGHT


async def test_a_silent_engine_does_not_hold_it_up(
    engine: RunningEngine, tmp_path: Path, endpoint: EndpointServer
) -> None:
    async with corral(tmp_path, endpoint, 0.5, REDIS_URL=engine.url) as command:
        calls = await endpoint.take(IN_FLIGHT)
        engine.freeze()
        for call in calls:
            call.respond(response({"ok": True}))
        await _ends(command, 0.5)


async def test_a_silent_engine_of_its_own_does_not_hold_it_up(tmp_path: Path, endpoint: EndpointServer) -> None:
    async with corral(tmp_path, endpoint, 0.5, CORRAL_DATA_DIR=str(tmp_path / "data")) as command:
        await endpoint.take(IN_FLIGHT)
        send_signal(tmp_path / "data", signal.SIGSTOP)
        await _ends(command, 0.5 + STOP_SECONDS)
    assert is_vacant(tmp_path / "data")


async def _ends(command: Command, grace: float) -> None:
    command.terminate()
    async with asyncio.timeout(grace + MARGIN):
        assert await command.exit_code() == 0, "\n".join(command.lines)
