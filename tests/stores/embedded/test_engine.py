"""One engine per folder: how it starts, what it is like, who owns it and how it ends."""

import asyncio
import contextlib
import itertools
import os
import signal
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvloop
from redis import Redis

from corral.model.errors import StoreUnavailable
from corral.stores.embedded.binary import find_binary
from corral.stores.embedded.engine import EmbeddedEngine
from corral.stores.embedded.events import EngineEvent
from corral.stores.embedded.probe import probe
from corral.testing.engines import free_port, is_vacant
from corral.testing.waiting import until

Events = list[tuple[EngineEvent, Mapping[str, object]]]


@contextlib.contextmanager
def client(engine: EmbeddedEngine) -> Iterator["Redis"]:
    with Redis(unix_socket_path=engine.socket_path, decode_responses=True, socket_timeout=5) as redis:
        yield redis


async def test_starts_in_a_private_folder_and_keeps_its_data(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / ".corral"
    async with EmbeddedEngine(data_dir) as engine:
        assert engine.owned
        with client(engine) as redis:
            redis.set("word", "kept")
        assert not is_vacant(data_dir)
        private = [data_dir, data_dir / "engine", Path(engine.socket_path)]
        assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o700] * 3
    assert is_vacant(data_dir)
    async with EmbeddedEngine(str(data_dir)) as engine:
        with client(engine) as redis:
            assert redis.get("word") == "kept"


@pytest.mark.parametrize(("durability", "fsync"), [("aof", "everysec"), ("fsync", "always")])
async def test_writes_down_what_its_durability_promises(tmp_path: Path, durability: str, fsync: str) -> None:
    async with EmbeddedEngine(tmp_path, durability=durability) as engine:  # type: ignore[arg-type]
        with client(engine) as redis:
            found = redis.config_get("append*", "save", "maxmemory-policy", "port", "aof-load-truncated")
    assert (
        found.items()
        >= {
            "appendonly": "yes",
            "appendfsync": fsync,
            "save": "",
            "maxmemory-policy": "noeviction",
            "port": "0",
            "aof-load-truncated": "yes",
        }.items()
    )


async def test_opens_loopback_tcp_only_when_asked(tmp_path: Path) -> None:
    port = free_port()
    async with EmbeddedEngine(tmp_path, port=port) as engine:
        with client(engine) as redis:
            assert redis.config_get("bind") == {"bind": "127.0.0.1"}
        with Redis(port=port) as redis:
            assert redis.ping()


async def test_start_fails_with_the_reason_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    async with EmbeddedEngine(tmp_path / "first", port=port):
        second = EmbeddedEngine(tmp_path / "second", port=port)
        with pytest.raises(StoreUnavailable, match="already in use"):
            await second.start()
    assert is_vacant(tmp_path / "second")
    assert not second.owned


async def test_an_unusable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match=r"file cannot be started.*File exists"):
        await EmbeddedEngine(tmp_path / "file").start()


def test_a_missing_program_is_named_with_the_cure() -> None:
    with pytest.raises(StoreUnavailable, match=r"no_such_wheel, which is not installed.*REDIS_URL"):
        find_binary("no_such_wheel")
    with pytest.raises(StoreUnavailable, match=r"no engine for this platform.*REDIS_URL"):
        find_binary("redis")


async def test_a_long_path_gets_a_short_socket_in_a_private_folder(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 20) / ("longer" * 10)
    async with EmbeddedEngine(data_dir) as engine:
        assert len(os.fsencode(engine.socket_path)) < 100
        assert stat.S_IMODE(Path(engine.socket_path).parent.stat().st_mode) == 0o700
        async with EmbeddedEngine(data_dir) as guest:
            assert (guest.socket_path, guest.pid) == (engine.socket_path, engine.pid)
    assert probe(engine.socket_path) is None


async def test_a_path_with_blanks_and_quotes_works(tmp_path: Path) -> None:
    async with EmbeddedEngine(tmp_path / 'it\'s a "folder" --save x') as engine:
        with client(engine) as redis:
            assert redis.config_get("save") == {"save": ""}


async def test_two_on_one_folder_share_one_engine_and_the_guest_takes_over(tmp_path: Path) -> None:
    owner, guest = EmbeddedEngine(tmp_path), EmbeddedEngine(tmp_path)
    await asyncio.gather(owner.start(), guest.start())
    owner, guest = (owner, guest) if owner.owned else (guest, owner)
    assert (owner.owned, guest.owned, guest.pid) == (True, False, owner.pid)
    with client(guest) as redis:
        redis.set("word", "kept")
    await owner.stop()
    await asyncio.gather(*(guest.ensure() for _ in range(3)))
    assert guest.owned
    with client(guest) as redis:
        assert redis.get("word") == "kept"
    await guest.stop()
    assert is_vacant(tmp_path)


async def test_a_guest_leaves_the_engine_running(tmp_path: Path) -> None:
    async with EmbeddedEngine(tmp_path) as owner:
        async with EmbeddedEngine(tmp_path) as guest:
            assert not guest.owned
        with client(owner) as redis:
            assert redis.ping()


def test_works_on_uvloop_in_a_thread_of_its_own(tmp_path: Path) -> None:
    async def live() -> None:
        async with EmbeddedEngine(tmp_path) as engine:
            first = engine.pid
            assert first
            os.kill(first, signal.SIGKILL)
            await until(lambda: engine.pid not in (None, first))
            await engine.ensure()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(uvloop.run, live()).result()
    assert is_vacant(tmp_path)


async def test_a_cancelled_start_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    start = asyncio.create_task(engine.start())
    await until(lambda: (tmp_path / "server.lock").exists() and not is_vacant(tmp_path))
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert is_vacant(tmp_path)


async def test_ensure_ends_when_the_engine_is_stopped(tmp_path: Path) -> None:
    async with EmbeddedEngine(tmp_path), EmbeddedEngine(tmp_path) as guest:
        await guest.ensure()
    with pytest.raises(StoreUnavailable, match="stopped"):
        await guest.ensure()
    await guest.stop()


async def test_loading_is_waited_for_and_told(tmp_path: Path) -> None:
    events: Events = []
    async with EmbeddedEngine(tmp_path):
        pass
    [growing] = (tmp_path / "engine" / "appendonlydir").glob("*.incr.aof")
    growing.write_bytes(b"".join(b"*3\r\n$3\r\nSET\r\n$6\r\n%06d\r\n$1\r\nx\r\n" % i for i in range(500_000)))
    async with EmbeddedEngine(tmp_path, on_event=lambda *event: events.append(event)) as engine:
        with client(engine) as redis:
            assert redis.dbsize() == 500_000
    told = [event for event, _ in itertools.groupby(event for event, _ in events)]
    assert told == ["loading", "started", "stopped"]
    assert events[0][1]["pid"] == engine_pid(events)


def engine_pid(events: Events) -> object:
    return next(detail["pid"] for event, detail in events if event == "started")
