"""Adding jobs: what comes back, and what is refused with which words. Nothing refused is stored."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from redis import Redis

from tests.acceptance.client import Client
from tests.acceptance.keys import snapshot

JOBS = "/queues/orders/jobs"
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


def with_opts(**opts: Any) -> list[Any]:
    return [{"name": "n", "data": 1, "opts": opts}]


async def refused(client: Client, redis: Redis, body: Any) -> str:
    """The text of the refusal; not a key of the test's prefix may have changed."""
    prefix = (await client.add("canary", {"name": "n", "data": 1}))[0]["queueQualifiedName"].split(":")[0]
    before = snapshot(redis, prefix)
    reply = await client.call("POST", JOBS, body)
    assert (reply.status, reply.headers["content-type"]) == (400, "text/plain;charset=utf-8")
    assert snapshot(redis, prefix) == before
    return reply.text


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


@pytest.mark.parametrize("body", [{}, {"name": "n", "data": 1}, 5, "[]", None, True])
async def test_p24_body_must_be_an_array(client: Client, redis: Redis, body: Any) -> None:
    assert await refused(client, redis, body) == "Body must be an array"


@pytest.mark.parametrize("body", [b"", b"[", b"{]", b"[1,]", b"nope", b"[{'name':1}]", b"\xff", b"[]]", b"[" * 9000])
async def test_p24_malformed_json_is_400(client: Client, redis: Redis, body: bytes) -> None:
    assert (await refused(client, redis, body)).startswith("Body ")


@pytest.mark.parametrize("name", [None, "", 0, False])
async def test_p25_name_is_required(client: Client, redis: Redis, name: Any) -> None:
    assert await refused(client, redis, [{"name": name, "data": 1}]) == "name is required"
    assert await refused(client, redis, [{"x": 1}]) == "name is required"


@pytest.mark.parametrize("data", [None, "", 0, False, 0.0])
async def test_p25_falsy_data_is_refused(client: Client, redis: Redis, data: Any) -> None:
    assert await refused(client, redis, [{"name": "n", "data": data}]) == "data is required"
    assert await refused(client, redis, [{"name": "n"}]) == "data is required"


@pytest.mark.parametrize("data", [{}, [], 1, -1, "0", "x", True, {"a": None}])
async def test_p25_all_other_data_is_kept(client: Client, data: Any) -> None:
    [job] = await client.add("orders", {"name": "n", "data": data})
    assert job["data"] == data
    assert (await client.job("orders", "1"))["data"] == data


@pytest.mark.parametrize("element", [None, 5, "x", []])
async def test_p25_an_element_that_is_no_job(client: Client, redis: Redis, element: Any) -> None:
    text = await refused(client, redis, [element])
    assert text == ("null is not a job" if element is None else "name is required")


async def test_p26_unexpected_fields(client: Client, redis: Redis) -> None:
    assert await refused(client, redis, [{"name": "n", "data": 1, "id": "1"}]) == "Unexpected field: id"
    for field in ("parent", "timestamp", "keepLogs", "debounce", "de", "x"):
        assert await refused(client, redis, with_opts(**{field: 1})) == f"Unexpected field: opts.{field}"


@pytest.mark.parametrize("opts", [5, [], True, 0, "", None, {}])
async def test_p26_opts_without_fields_are_ignored(client: Client, opts: Any) -> None:
    [job] = await client.add("orders", {"name": "n", "data": 1, "opts": opts})
    assert job["opts"] == {"attempts": 0}


WHOLE = [(-1, "-1"), (1.5, "1.5"), ("5", "5"), (True, "true"), ([1, 2], "1,2"), ({}, "[object Object]")]
PRIORITY = [(0, "0"), (None, "null"), (2_097_153, "2097153"), ([], ""), (-0.5, "-0.5"), *WHOLE]


@pytest.mark.parametrize(
    ("option", "cases"),
    [("delay", WHOLE), ("attempts", WHOLE), ("priority", PRIORITY)],
    ids=lambda value: str(value)[:9],
)
async def test_p27_delay_attempts_priority(
    client: Client, redis: Redis, option: str, cases: Sequence[tuple[Any, str]]
) -> None:
    for value, printed in cases:
        assert await refused(client, redis, with_opts(**{option: value})) == f"Invalid {option} {printed}"


async def test_p27_falsy_delays_and_attempts_pass(client: Client) -> None:
    for falsy in (0, None, "", False):
        assert len(await client.add("orders", *with_opts(delay=falsy, attempts=falsy))) == 1
    assert len(await client.add("orders", *with_opts(priority=1), *with_opts(priority=2_097_151))) == 2


TYPE = 'must be "fixed" or "exponential" if delay is provided'
OBJECT = "must be a number or an object"


@pytest.mark.parametrize(
    ("backoff", "text"),
    [
        (-1, "Invalid backoff delay -1, must be greater than 0"),
        ("5", f"Invalid backoff 5, {OBJECT}"),
        (True, f"Invalid backoff true, {OBJECT}"),
        ([1, None], f"Invalid backoff 1,, {OBJECT}"),
        ({}, f"Invalid backoff {{}}, {OBJECT} with at least the type field"),
        ({"type": "fixed", "x": 1}, "Unexpected field: opts.x"),
        ({"type": "fixed", "jitter": 1}, "Unexpected field: opts.jitter"),
        ({"delay": 5}, f"Invalid backoff type undefined, {TYPE}"),
        ({"type": "linear", "delay": 5}, f"Invalid backoff type linear, {TYPE}"),
        ({"type": None, "delay": 5}, f"Invalid backoff type null, {TYPE}"),
        ({"type": "fixed", "delay": "5"}, "Invalid backoff delay 5, must be a number"),
        ({"type": "fixed", "delay": None}, "Invalid backoff delay null, must be a number"),
        ({"type": "exponential", "delay": -5}, "Invalid backoff delay -5, must be greater than 0"),
    ],
)
async def test_p28_backoff(client: Client, redis: Redis, backoff: Any, text: str) -> None:
    assert await refused(client, redis, with_opts(backoff=backoff)) == text


@pytest.mark.parametrize(
    ("backoff", "stored"),
    [
        (500, {"type": "fixed", "delay": 500}),
        (0, None),
        (None, None),
        ({"type": "fixed", "delay": 0}, {"type": "fixed", "delay": 0}),
        ({"type": "exponential"}, {"type": "exponential"}),
    ],
)
async def test_p28_backoff_that_is_accepted(client: Client, backoff: Any, stored: Any) -> None:
    [job] = await client.add("orders", *with_opts(backoff=backoff))
    assert job["opts"].get("backoff") == stored
    assert (await client.job("orders", "1"))["opts"].get("backoff") == stored


DEDUPLICATION = [
    ({"id": "x", "extra": 1}, "Unexpected field: opts.extra"),
    ({}, "Invalid deduplication.id undefined, must be a string"),
    ({"id": 5}, "Invalid deduplication.id 5, must be a string"),
    ({"id": "x", "ttl": "5"}, "Invalid deduplication.ttl 5, must be a number"),
    ({"id": "x", "ttl": None}, "Invalid deduplication.ttl null, must be a number"),
    ({"id": "x", "ttl": -1}, "Invalid deduplication.ttl -1, must be greater than 0"),
]


@pytest.mark.parametrize(
    ("opts", "text"),
    [
        *(({"lifo": value}, f"Invalid lifo {shown}, must be a boolean") for value, shown in ((1, "1"), (None, "null"))),
        ({"lifo": "true"}, "Invalid lifo true, must be a boolean"),
        ({"jobId": 5}, "Invalid jobId 5, must be a string"),
        ({"jobId": ["a"]}, "Invalid jobId a, must be a string"),
        *(({"deduplication": value}, text) for value, text in DEDUPLICATION),
    ],
)
async def test_p29_lifo_job_id_deduplication(client: Client, redis: Redis, opts: Any, text: str) -> None:
    assert await refused(client, redis, with_opts(**opts)) == text


@pytest.mark.parametrize(
    ("job_id", "text"),
    [("5", "integers"), ("0", "integers"), ("-7", "integers"), ("a:b", "contain :"), (":", "contain :")],
)
async def test_p30_custom_ids(client: Client, redis: Redis, job_id: str, text: str) -> None:
    expected = f"Custom Id cannot {'be ' if text == 'integers' else ''}{text}"
    assert await refused(client, redis, with_opts(jobId=job_id)) == expected


async def test_p30_an_id_that_is_nearly_a_number(client: Client) -> None:
    for job_id in ("05", "5a", "1.5", "job-1", "é"):
        [job] = await client.add("orders", *with_opts(jobId=job_id))
        assert job["id"] == job_id


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
