"""Nothing is lost and nothing is left over when a corral or its engine is killed."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from corral.stores.embedded.engine import EmbeddedEngine
from corral.stores.embedded.events import EngineEvent, ignore
from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.vacate import vacate
from corral.testing.engines import is_vacant, start_engine
from corral.testing.waiting import until

OWNER = Path(__file__).with_name("owner.py")


class Corral:
    """A process that owns or shares the engine of a folder."""

    def __init__(self, data_dir: Path, leash: str = "auto") -> None:
        command = [sys.executable, str(OWNER), str(data_dir), leash]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def started(self) -> dict[str, Any]:
        """What it says once its engine does work."""
        assert self._process.stdout
        report: dict[str, Any] = json.loads(self._process.stdout.readline())
        return report

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def finish(self) -> int:
        """Let it end in good order."""
        self._process.communicate()
        return self._process.returncode


@contextlib.contextmanager
def corral(data_dir: Path, leash: str = "auto") -> Iterator[Corral]:
    started = Corral(data_dir, leash)
    try:
        yield started
    finally:
        started.kill()


@contextlib.contextmanager
def client(data_dir: Path) -> Iterator["Redis"]:
    socket_path = DataFolder.at(data_dir).socket_path
    with Redis(unix_socket_path=socket_path, decode_responses=True, socket_timeout=5) as redis:
        yield redis


@pytest.mark.parametrize("leash", ["auto", "pipe"])
async def test_a_killed_corral_takes_its_engine_along(tmp_path: Path, leash: str) -> None:
    with corral(tmp_path, leash) as owner:
        assert owner.started()["owned"]
        owner.kill()
        await until(lambda: is_vacant(tmp_path), timeout=5)  # at once, but for a busy machine


def test_a_corral_started_at_once_after_a_kill_finds_its_data(tmp_path: Path) -> None:
    for round_ in range(3):
        with corral(tmp_path) as owner:
            assert owner.started()["owned"]
            with client(tmp_path) as redis:
                assert redis.incr("rounds") == round_ + 1


def test_the_last_write_before_a_kill_of_both_is_found(tmp_path: Path) -> None:
    with corral(tmp_path) as owner:
        engine = owner.started()["engine"]
        with client(tmp_path) as redis:
            redis.set("word", "kept")
        os.kill(engine, signal.SIGKILL)
    with corral(tmp_path) as owner:
        owner.started()
        with client(tmp_path) as redis:
            assert redis.get("word") == "kept"
        assert owner.finish() == 0
    assert is_vacant(tmp_path)


def test_corrals_that_start_together_share_one_engine(tmp_path: Path) -> None:
    with corral(tmp_path) as one, corral(tmp_path) as two, corral(tmp_path) as three:
        reports = [each.started() for each in (one, two, three)]
        assert sorted(report["owned"] for report in reports) == [False, False, True]
        assert len({report["engine"] for report in reports}) == 1


async def test_a_guest_takes_over_from_a_killed_owner(tmp_path: Path) -> None:
    with corral(tmp_path) as owner:
        first = owner.started()["engine"]
        async with EmbeddedEngine(tmp_path) as guest:
            with client(tmp_path) as redis:
                redis.set("word", "kept")
            owner.kill()
            await until(lambda: is_vacant(tmp_path))
            async with asyncio.timeout(30):
                await guest.ensure()
            assert guest.owned
            assert guest.pid != first
            with client(tmp_path) as redis:
                assert redis.get("word") == "kept"


async def test_a_killed_engine_is_started_again_with_its_data(tmp_path: Path) -> None:
    events: list[tuple[EngineEvent, Mapping[str, object]]] = []
    async with EmbeddedEngine(tmp_path, on_event=lambda *event: events.append(event)) as engine:
        for round_ in range(3):
            with client(tmp_path) as redis:
                assert redis.incr("rounds") == round_ + 1
            killed = engine.pid
            assert killed
            os.kill(killed, signal.SIGKILL)
            await until(lambda killed=killed: engine.pid not in (None, killed))  # type: ignore[misc, arg-type]
            await engine.ensure()
    told = [event for event, _ in events if event != "loading"]
    assert told == ["started", *["died", "started"] * 3, "stopped"]
    assert events[1][1]["code"] == -signal.SIGKILL


async def test_an_engine_that_cannot_come_back_is_tried_again(tmp_path: Path) -> None:
    events: list[EngineEvent] = []
    async with EmbeddedEngine(tmp_path, on_event=lambda event, _: events.append(event)) as engine:
        (tmp_path / "engine").rename(tmp_path / "away")
        assert engine.pid
        os.kill(engine.pid, signal.SIGKILL)
        await until(lambda: events.count("restart-failed") >= 2)
        (tmp_path / "away").rename(tmp_path / "engine")
        async with asyncio.timeout(30):
            await engine.ensure()


async def test_half_a_command_at_the_end_of_the_file_costs_only_that_command(tmp_path: Path) -> None:
    with start_engine(tmp_path) as broken, client(tmp_path) as redis:
        redis.set("word", "kept")
        broken.kill()
    [growing] = (tmp_path / "engine" / "appendonlydir").glob("*.incr.aof")
    with growing.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nwo")
    async with EmbeddedEngine(tmp_path):
        with client(tmp_path) as redis:
            assert redis.get("word") == "kept"


async def test_an_orphan_is_shut_down_and_its_data_taken_over(tmp_path: Path) -> None:
    events: list[EngineEvent] = []
    with start_engine(tmp_path) as orphan:
        with client(tmp_path) as redis:
            redis.set("word", "kept")
        async with EmbeddedEngine(tmp_path, on_event=lambda event, _: events.append(event)) as engine:
            assert engine.owned
            assert engine.pid != orphan.pid
            with client(tmp_path) as redis:
                assert redis.get("word") == "kept"
    assert [event for event in events if event != "loading"] == ["orphan", "started", "stopped"]


async def test_an_orphan_that_does_not_answer_is_killed(tmp_path: Path) -> None:
    with start_engine(tmp_path) as orphan:
        orphan.freeze()
        lock = await vacate(DataFolder.at(tmp_path), ignore, patience=0.2)
        lock.release()
