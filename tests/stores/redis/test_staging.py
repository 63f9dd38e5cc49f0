"""Large calls enter the queue whole or not at all."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from corral.model.errors import StoreBusy, StoreError
from corral.model.job import NewJob
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection
from corral.stores.redis.jobs import RedisJobs
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.orphans import remove_orphans
from corral.stores.redis.run import load_scripts, run
from corral.stores.redis.scripts import own
from tests.stores.redis.engine import Engine

NOW = 1_790_000_000_000
KEYS = KeyCache("bull", 10)
COUNT = 50
JOBS = [NewJob(f"job {number}", b"%d" % number, {"attempts": 0}) for number in range(COUNT)]


@pytest.fixture
def client(valkey: Engine) -> Iterator[Redis]:
    with Redis(unix_socket_path=valkey.socket, decode_responses=True) as client:
        client.flushall()
        yield client
        client.config_set("maxmemory", 0)


@pytest.fixture
async def connection(valkey: Engine, connect: Callable[..., Connection]) -> Connection:
    connection = connect(Address(path=valkey.socket), on_connect=load_scripts)
    await connection.ready(30)
    return connection


@pytest.fixture
def jobs(valkey: Engine, connection: Connection) -> RedisJobs:
    return RedisJobs(connection, KEYS, Address(path=valkey.socket))


def line(client: Redis) -> list[str]:
    """The ids in the order of their turn."""
    return [str(job_id) for job_id in client.lrange("bull:mail:wait", 0, -1)][::-1]


async def test_the_jobs_of_a_tick_keep_their_order(jobs: RedisJobs, client: Redis) -> None:
    first = jobs.add("mail", JOBS[:1], NOW)
    calls = [first, jobs.add("mail", JOBS, NOW), jobs.add("mail", JOBS[:2], NOW), jobs.add("mail", JOBS, NOW)]
    ids = await asyncio.gather(*calls)
    assert line(client) == [str(number) for number in range(1, 2 * COUNT + 4)] == [one for call in ids for one in call]
    names = [client.hget(f"bull:mail:{job_id}", "name") for job_id in ids[1]]
    assert names == [job.name for job in JOBS]
    assert not client.keys("bull:mail:staged:*")


async def test_a_part_that_is_refused_takes_the_others_with_it(jobs: RedisJobs, client: Redis) -> None:
    client.set("bull:mail:20", "in the way of the job of that id")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await jobs.add("mail", JOBS, NOW)
    left = {"bull:mail:id", "bull:mail:17", "bull:mail:18", "bull:mail:19", "bull:mail:20"}
    assert set(client.keys("bull:mail:*")) == left, "what the script stored that met the obstacle, and no other"


async def test_an_engine_without_memory_keeps_nothing_of_it(jobs: RedisJobs, client: Redis) -> None:
    client.config_set("maxmemory", 1)
    with pytest.raises(StoreBusy, match="OOM"):
        await jobs.add("mail", JOBS, NOW)
    assert client.keys("*") == []


async def test_scripts_that_the_engine_has_forgotten(jobs: RedisJobs, client: Redis) -> None:
    client.script_flush()
    assert await jobs.add("mail", JOBS, NOW) == line(client)


async def test_what_an_interrupted_call_leaves(connection: Connection, client: Redis) -> None:
    """As when the connection is lost on the way: a part came, the word to admit it did not."""
    keys = KEYS.of("mail")
    await run(connection, own("stage"), (keys["id"], "bull:mail:staged:x"), keys.base, 60_000, "job", "1", "{}", NOW)
    assert line(client) == []
    assert 0 < client.pttl("bull:mail:staged:x") <= 60_000
    assert await remove_orphans(connection, keys, None, 1000) == (1, None)
    assert set(client.keys("*")) == {"bull:mail:id", "bull:mail:staged:x"}


async def test_a_call_whose_data_was_taken_for_orphans_is_given_up(connection: Connection, client: Redis) -> None:
    keys = KEYS.of("mail")
    jobs = [value for number in range(2) for value in (f"job {number}", "1", "{}", NOW)]
    await run(connection, own("stage"), (keys["id"], "bull:mail:staged:x"), keys.base, 60_000, *jobs)
    client.delete("bull:mail:1")
    names = ("bull:mail:staged:x", *keys.many("wait", "meta", "events", "marker", "active"))
    assert await run(connection, own("admit"), names, keys.base, 2) == 0
    assert client.keys("*") == ["bull:mail:id"]
