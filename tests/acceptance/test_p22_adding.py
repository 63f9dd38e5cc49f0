"""Adding jobs: what comes back, and that a batch is stored as a whole or not at all."""

import asyncio
import json
import time

from redis import Redis

from tests.acceptance.client import Client
from tests.acceptance.keys import snapshot
from tests.acceptance.refusing import JOBS, refused, with_opts

ADDED = [
    "name",
    "data",
    "opts",
    "id",
    "progress",
    "returnvalue",
    "stacktrace",
    "priority",
    "attemptsStarted",
    "attemptsMade",
    "stalledCounter",
    "timestamp",
    "queueQualifiedName",
]
STORED = [*ADDED[:7], "delay", *ADDED[7:]]


async def test_p22_the_added_jobs_with_their_fields_in_order(client: Client, prefix: str) -> None:
    reply = await client.call("POST", JOBS, b'[{"name":"a","data":{"x":1.50}},{"name":"b","data":[]}]')
    now = time.time() * 1000
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain;charset=utf-8")
    first, second = reply.json()
    assert list(first) == list(second) == ADDED
    assert now - 5000 < first["timestamp"] <= now
    assert first == {
        "name": "a",
        "data": {"x": 1.5},
        "opts": {"attempts": 0},
        "id": "1",
        "progress": 0,
        "returnvalue": None,
        "stacktrace": None,
        "priority": 0,
        "attemptsStarted": 0,
        "attemptsMade": 0,
        "stalledCounter": 0,
        "timestamp": first["timestamp"],
        "queueQualifiedName": f"{prefix}:orders",
    }
    assert second["id"] == "2"
    assert b'"data":{"x":1.50}' in reply.body


async def test_p22_a_job_read_back(client: Client) -> None:
    [added] = await client.add("orders", {"name": "a", "data": {"x": "é\u2028"}, "opts": {"attempts": 3}})
    job = await client.job("orders", "1")
    assert list(job) == STORED
    assert job == added | {"stacktrace": [], "delay": 0}
    assert (await client.call("GET", f"{JOBS}")).json()["jobs"] == [job]


async def test_p22_given_options_are_shown(client: Client) -> None:
    opts = {
        "delay": 60_000,
        "priority": 7,
        "attempts": 2,
        "backoff": {"type": "exponential", "delay": 50},
        "jobId": "mine",
        "deduplication": {"id": "d", "ttl": 900_000},
        "removeOnComplete": True,
        "removeOnFail": {"age": 60, "count": 5},
    }
    [job] = await client.add("orders", {"name": "a", "data": 1, "opts": opts})
    assert list(job) == [*STORED, "deduplicationId"]
    assert (job["opts"], job["id"], job["delay"], job["priority"]) == (opts, "mine", 60_000, 7)
    assert await client.job("orders", "mine") == job | {"stacktrace": []}


async def test_p22_json_is_called_json_where_the_caller_names_it(client: Client) -> None:
    for accept, kind in (("application/json", "application/json"), ("*/*", "text/plain;charset=utf-8")):
        reply = await client.call("POST", JOBS, [], headers={"accept": accept})
        assert reply.headers["content-type"] == kind


async def test_p23_no_jobs(client: Client, redis: Redis, prefix: str) -> None:
    reply = await client.call("POST", JOBS, [])
    assert (reply.status, reply.text) == (200, "[]")
    assert not snapshot(redis, prefix)


async def test_p31_all_or_nothing(client: Client, redis: Redis) -> None:
    good = [{"name": "n", "data": 1}, *with_opts(delay=50), *with_opts(priority=3), *with_opts(jobId="mine")]
    for bad in ({"name": "", "data": 1}, *with_opts(delay=-1), *with_opts(jobId="7"), None, *with_opts(repeat={})):
        for body in ([*good, bad], [bad, *good], [*good[:2], bad, *good[2:]]):
            assert await refused(client, redis, body)
    assert [job["id"] for job in await client.add("orders", *good)] == ["1", "2", "3", "mine"]


async def test_p31_a_batch_of_thousands_is_one(client: Client) -> None:
    jobs = await client.add("orders", *({"name": f"n{number}", "data": number} for number in range(1, 3001)))
    assert [(job["id"], job["name"]) for job in jobs] == [(str(n), f"n{n}") for n in range(1, 3001)]
    assert (await client.counts("orders", "waiting"))["waiting"] == 3000


async def test_p22_two_batches_at_once_keep_their_jobs_apart(client: Client) -> None:
    batches = [[{"name": f"{one}", "data": {"n": n}} for n in range(40)] for one in range(25)]
    replies = await asyncio.gather(*(client.add("orders", *batch) for batch in batches))
    assert len({job["id"] for jobs in replies for job in jobs}) == 1000
    for batch, jobs in zip(batches, replies, strict=True):
        assert json.dumps([{"name": job["name"], "data": job["data"]} for job in jobs]) == json.dumps(batch)
        ids = [int(job["id"]) for job in jobs]
        assert ids == list(range(ids[0], ids[0] + 40))
