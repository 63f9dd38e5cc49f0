"""What old versions of BullMQ left behind is cleared away, and nothing else."""

from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from tests.acceptance.client import Client
from tests.acceptance.sockets import opened
from tests.v1.jobs import completed, failed, held, made, places

QUEUE = "/v1/queues/mail"
ORPHANS = f"{QUEUE}/remove-orphaned-jobs"
PARTS = ("logs", "dependencies", "processed", "failed", "unsuccessful", "lock")
JOB: dict[Any, Any] = {"name": "n", "data": "{}", "opts": "{}", "timestamp": 1}


def leave(redis: Redis, prefix: str, *ids: str) -> None:
    """What is left of jobs that their queue has forgotten."""
    for one in ids:
        base = f"{prefix}:mail:{one}"
        redis.hset(base, mapping=JOB)
        redis.rpush(f"{base}:logs", "row")
        redis.set(f"{base}:lock", "token")
        redis.sadd(f"{base}:dependencies", "x")
        redis.hset(f"{base}:processed", "x", "1")
        redis.hset(f"{base}:failed", "x", "1")
        redis.zadd(f"{base}:unsuccessful", {"x": 1})


def keys(redis: Redis, prefix: str) -> set[str]:
    """Without what the server notes about itself all the time."""
    found = {key.removeprefix(f"{prefix}:") for key in redis.scan_iter(f"{prefix}:*")}
    rhythm = ("corral:window:", "corral:journal:", "corral:records:measures")
    return {key for key in found if not key.startswith(rhythm)}


async def remove(client: Client, **body: int) -> Any:
    reply = await client.call("POST", ORPHANS, body)
    assert reply.status == 200, reply
    return reply.json()["removed"]


async def fill(client: Client) -> None:
    """Jobs in every state, a scheduler, metrics, deduplication, a family."""
    await made(client, {}, {}, {})
    done, broken, _ = await held(client, 3)
    await completed(client, done)
    await failed(client, broken)
    dedup = {"opts": {"deduplication": {"id": "logs", "ttl": 60_000}}}
    await made(client, {}, {"opts": {"delay": 60_000}}, {"opts": {"priority": 1}}, {"opts": {"jobId": "own"}}, dedup)
    await client.call("PUT", f"{QUEUE}/schedulers/lock", {"repeat": {"pattern": "@daily"}})
    child = {"name": "c", "queueName": "mail", "data": {}}
    flow = {"name": "p", "queueName": "mail", "children": [child, child]}
    assert (await client.call("POST", "/v1/flows", flow)).status in (200, 201)


async def test_orphans_go_and_all_else_stays(client: Client, redis: Redis, prefix: str) -> None:
    await fill(client)
    before = keys(redis, prefix)
    assert {"mail:metrics:failed", "mail:metrics:completed"} <= before
    assert await remove(client) == 0
    assert keys(redis, prefix) == before
    leave(redis, prefix, "100", "orphan", "\u00e4")
    redis.rpush(f"{prefix}:mail:200:logs", "all that is left")
    redis.hset(f"{prefix}:mail:300", "stalledCounter", 1)
    redis.hset(f"{prefix}:mails:100", mapping=JOB)
    assert await remove(client, count=3) == 5
    assert keys(redis, prefix) == before | {"mails:100"}


async def test_a_queue_is_a_name_and_no_pattern(client: Client, redis: Redis, prefix: str) -> None:
    leave(redis, prefix, "100")
    redis.hset(f"{prefix}:ma*:100", mapping=JOB)
    reply = await client.call("POST", "/v1/queues/ma*/remove-orphaned-jobs", {})
    assert reply.json() == {"removed": 1}
    assert "mail:100" in keys(redis, prefix)


async def test_corrals_own_keys_are_no_orphans(client: Client, redis: Redis, prefix: str) -> None:
    await client.call("POST", "/v1/queues/corral/jobs", {"name": "n"}, headers={"idempotency-key": "k"})
    before = keys(redis, prefix)
    assert {key.partition(":")[0] for key in before} == {"corral"}
    reply = await client.call("POST", "/v1/queues/corral/remove-orphaned-jobs", {"count": 1})
    assert reply.json() == {"removed": 0}
    assert keys(redis, prefix) == before


async def test_enough_is_enough(client: Client, redis: Redis, prefix: str) -> None:
    leave(redis, prefix, *(f"o{n}" for n in range(200)))
    first = await remove(client, count=1, limit=5)
    assert 5 <= first < 200
    assert await remove(client) == 200 - first
    assert keys(redis, prefix) == set()


@pytest.mark.parametrize("body", [{"count": 0}, {"count": 10_001}, {"limit": -1}, {"limit": 0.5}, {"most": 1}])
async def test_what_cannot_be(client: Client, body: Any) -> None:
    assert places(await client.call("POST", ORPHANS, body))


async def test_the_priority_key(client: Client, redis: Redis, prefix: str) -> None:
    key = f"{prefix}:mail:priority"
    for expected in ([(b"1", 1.0)], []):
        if expected:
            redis.zadd(key, {"1": 1})
        reply = await client.call("DELETE", f"{QUEUE}/deprecated-priority-key")
        assert (reply.status, reply.json()) == (200, {"removed": len(expected)})
        assert not redis.exists(key)
    redis.hset(key, mapping=JOB)  # a job of an older program, by that name
    assert (await client.call("DELETE", f"{QUEUE}/deprecated-priority-key")).json() == {"removed": 0}
    assert redis.exists(key)


async def test_delayed_jobs_up_to_a_time(client: Client) -> None:
    place = f"{QUEUE}/delayed-count"
    at = 2_000_000_000_000
    await made(client, *({"opts": {"timestamp": at, "delay": delay}} for delay in (1000, 1000, 2000)), {})
    counted = [(await client.call("GET", f"{place}?timestamp={at + after}")).json() for after in (1000, 1001, 2001)]
    assert counted == [{"count": 0}, {"count": 2}, {"count": 3}]
    assert (await client.call("GET", place)).json() == {"count": 3}
    for wrong in ("x", "1.5", str(2**53)):
        assert places(await client.call("GET", f"{place}?timestamp={wrong}")) == ["timestamp"]


async def test_the_functions_of_the_socket(server: RunningServer, redis: Redis, prefix: str) -> None:
    leave(redis, prefix, "100", "101")
    redis.zadd(f"{prefix}:mail:priority", {"1": 1})
    async with opened(server, "/queues/mail") as queue:
        await queue.ok("add", "n", 1, {"delay": 60_000})
        assert [await queue.ok("getDelayedCount", *args) for args in ((), (None,), (1,), (2**53 - 1,))] == [1, 1, 0, 1]
        assert await queue.ok("removeOrphanedJobs", 1000, 0) == 2
        assert await queue.ok("removeOrphanedJobs") == 0
        assert [await queue.ok("removeDeprecatedPriorityKey") for _ in range(2)] == [1, 0]
        assert await queue.ok("getQueueEvents") == []
        for wrong in (("getDelayedCount", 1.5), ("removeOrphanedJobs", -1), ("removeOrphanedJobs", "x")):
            assert "err" in await queue.call(*wrong)
