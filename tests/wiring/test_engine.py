"""What a process says of its engine and of the programs beside it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from corral.observe.setup import configure
from corral.testing.engines import RunningEngine, start_engine
from corral.testing.server import running_server
from corral.testing.waiting import until


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    with start_engine(tmp_path, tcp=True) as running:
        yield running


@pytest.fixture
def log() -> io.StringIO:
    stream = io.StringIO()
    configure("json", stream=stream)
    return stream


def said(log: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(("version", "warned"), [("bullmq:5.81.5", True), ("bullmq:6.7.0", False)])
async def test_a_program_on_bullmq_5_is_warned_of(
    engine: RunningEngine, log: io.StringIO, version: str, warned: bool
) -> None:
    with Redis(unix_socket_path=str(engine.socket_path)) as client:
        client.hset("bull:shared:meta", "version", version)
    async with running_server(engine.url) as server:
        server.process.engine.store.directory.saw("shared")
        server.process.engine.store.directory.saw("shared")
        await server.process.engine.settled()
    assert sum(version in message for message in said(log)) == int(warned)


async def test_an_eviction_policy_that_drops_jobs_is_warned_of(engine: RunningEngine, log: io.StringIO) -> None:
    with Redis(unix_socket_path=str(engine.socket_path)) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    async with running_server(engine.url):
        await until(lambda: any("allkeys-lru" in message for message in said(log)))
