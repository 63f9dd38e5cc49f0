"""Bodies that are refused with their exact words, leaving no trace, and those that only look like it."""

from collections.abc import Sequence
from typing import Any

import pytest
from redis import Redis

from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.keys import snapshot
from tests.acceptance.refusing import JOBS, refused, with_opts


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


async def test_p24_a_body_over_the_limit_is_413(serve: Serve, redis: Redis, prefix: str) -> None:
    client = Client((await serve(body_limit=1000)).port)
    body = b'[{"name":"n","data":"%b"}]'
    assert (await client.call("POST", JOBS, body % (b"x" * 900))).status == 200
    before = snapshot(redis, prefix)
    assert (await client.call("POST", JOBS, body % (b"x" * 1000))).status == 413
    assert snapshot(redis, prefix) == before
