"""Groups on Redis, where foreign programs have been at work."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis

from corral.stores.redis.address import Address
from corral.stores.redis.store import RedisStore
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, ids
from corral.testing.conformance.grouped import in_group, work_off
from tests.stores.redis.engine import Engine

KEY = f"bull:{QUEUE}:"
FOREIGN = ("name", "foreign", "data", "{}", "opts", '{"group":{"id":"a","limit":2}}', "timestamp", str(NOW))


@pytest.fixture
def client(valkey: Engine) -> Iterator[Redis]:
    with Redis(unix_socket_path=valkey.socket, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
async def store(valkey: Engine, client: Redis) -> AsyncIterator[RedisStore]:
    store = RedisStore(Address(path=valkey.socket))
    await store.start()
    await store.ready(30)
    yield store
    await store.close()


@pytest.mark.parametrize("priority", [0, 4])
async def test_a_place_that_comes_with_a_job_of_the_same_claim(store: RedisStore, client: Redis, priority: int) -> None:
    """A job that was moved out of its line is claimed with one that raises the number of places."""
    first, second = await add(store, in_group("a"), in_group("a", priority=priority))
    held = await claim(store, 1)
    client.hset(f"{KEY}foreign", items=[*FOREIGN])
    client.zrem(f"{KEY}waiting-children", second)
    client.lpush(f"{KEY}wait", "foreign")
    client.lpush(f"{KEY}wait", second)
    held += await claim(store, 5)
    assert [one.job.id for one in held] == [first, second]
    assert await ids(store, "waiting") == await ids(store, "prioritized") == []
    await complete(store, held)
    assert await work_off(store, 5) == ["foreign"]
