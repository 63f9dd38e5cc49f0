"""Queues of other programs: when they are looked for, and what that costs."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from corral.model.errors import StoreUnavailable
from corral.store.directory import NameQuery
from corral.stores.redis import directory
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection
from corral.stores.redis.directory import RedisDirectory
from corral.stores.redis.limits import ConnectionLimits
from corral.stores.redis.run import load_scripts
from tests.stores.redis.engine import Engine

NOW = 1_795_000_000_000
MINUTE = 60_000


@pytest.fixture
def client(valkey: Engine) -> Iterator[Redis]:
    with Redis(unix_socket_path=valkey.socket) as client:
        client.flushall()
        client.config_resetstat()
        yield client


@pytest.fixture
async def connection(valkey: Engine, connect: Callable[..., Connection], client: Redis) -> Connection:
    return connect(Address(path=valkey.socket), on_connect=load_scripts)


async def names(of: RedisDirectory, now: int = NOW) -> list[str]:
    found, end = await of.names(NameQuery(1000), now)
    assert end is None
    return found


def scans(client: Redis) -> int:
    stats: dict[str, Any] = client.info("commandstats")
    return int(stats.get("cmdstat_scan", {"calls": 0})["calls"])


async def test_the_keys_are_looked_at_once_a_minute(connection: Connection, client: Redis) -> None:
    queues = RedisDirectory(connection, "bull")
    client.hset("bull:first:meta", "paused", 1)
    assert await names(queues) == ["first"]
    client.hset("bull:second:meta", "paused", 1)
    looks = scans(client)
    assert await names(queues, NOW + MINUTE - 1) == ["first"]
    assert scans(client) == looks
    assert await names(queues, NOW + MINUTE) == ["first", "second"]


async def test_lists_at_the_same_time_share_one_look(connection: Connection, client: Redis) -> None:
    client.hset("bull:first:meta", "paused", 1)
    queues = RedisDirectory(connection, "bull")
    found = await asyncio.gather(*(names(queues) for _ in range(5)))
    assert found == [["first"]] * 5
    assert scans(client) == 1


async def test_a_look_is_bounded_and_the_next_goes_on_from_there(
    connection: Connection, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "_STEPS", 2)
    monkeypatch.setattr(directory, "_STEP_KEYS", 20)
    for number in range(200):
        client.hset(f"bull:q{number:03}:meta", "paused", 1)
    queues = RedisDirectory(connection, "bull")
    seen = [len(await names(queues, NOW + look * MINUTE)) for look in range(3)]
    assert 0 < seen[0] < seen[1] < seen[2] < 200
    assert scans(client) == 6
    for look in range(3, 12):
        await names(queues, NOW + look * MINUTE)
    assert len(await names(queues)) == 200


async def test_a_list_does_not_wait_for_a_long_look(
    connection: Connection, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "_PATIENCE", 0)
    for number in range(5000):
        client.hset(f"bull:q{number % 50}:{number}", "name", "n")
    queues = RedisDirectory(connection, "bull")
    queues.saw("known")
    assert await names(queues) == ["known"]
    await queues.close()


@pytest.mark.parametrize("prefix", ["b*l", "b?l", "b[u]l", "b\\l", "{b}", "a:b"])
async def test_a_prefix_is_taken_as_it_is(connection: Connection, client: Redis, prefix: str) -> None:
    client.hset(f"{prefix}:mine:meta", "paused", 1)
    client.hset("bul:other:meta", "paused", 1)
    client.hset("a:mine:meta", "paused", 1)
    assert await names(RedisDirectory(connection, prefix)) == ["mine"]


async def test_a_known_queue_costs_nothing(connection: Connection, client: Redis) -> None:
    queues = RedisDirectory(connection, "bull")
    for _ in range(100):
        queues.saw("mail")
    assert await names(queues) == ["mail"]
    stats: dict[str, Any] = client.info("commandstats")
    assert stats["cmdstat_zadd"]["calls"] == 1


async def test_a_pattern_that_few_names_fit_is_answered_in_pieces(connection: Connection, client: Redis) -> None:
    members = {f"queue-{number:05}": 0 for number in range(11_000)}
    client.zadd("bull:corral:queues", members)
    queues = RedisDirectory(connection, "bull")
    found, end = await queues.names(NameQuery(10, pattern="*-10500"), NOW)
    assert (found, end) == ([], "queue-09999")
    assert await queues.names(NameQuery(10, "queue-09999", "*-10500"), NOW) == (["queue-10500"], None)
    assert await queues.names(NameQuery(2, pattern="queue-0000*"), NOW) == (
        ["queue-00000", "queue-00001"],
        "queue-00001",
    )


async def test_without_an_engine_a_list_says_so(connect: Callable[..., Connection]) -> None:
    queues = RedisDirectory(connect("/nowhere", limits=ConnectionLimits(connect_wait=0.05)), "bull")
    queues.saw("mail")
    with pytest.raises(StoreUnavailable):
        await names(queues)
    await queues.close()
