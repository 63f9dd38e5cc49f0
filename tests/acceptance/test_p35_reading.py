"""Reading jobs, and what a running job says of itself."""

from typing import Any

import pytest
from redis import Redis

from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointCall, EndpointServer, hold, response

JOBS = "/queues/orders/jobs"


async def page(client: Client, query: str = "") -> Any:
    reply = await client.call("GET", f"{JOBS}?{query}")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain;charset=utf-8")
    return reply.json()


def names(page: Any) -> list[str]:
    return [job["name"] for job in page["jobs"]]


async def fill(client: Client, count: int, **opts: Any) -> None:
    await client.add("orders", *({"name": f"n{n}", "data": 1, "opts": opts} for n in range(count)))


async def ended_jobs(client: Client, endpoint: EndpointServer) -> None:
    """Three completed, two failed, one delayed, and three that wait for nobody."""
    endpoint.script = lambda call: response(status="500 No") if call.job["data"] == "bad" else response({})
    await client.register("orders", endpoint.url)
    kinds = ["good", "bad", "good", "bad", "good"]
    await client.add("orders", *({"name": f"e{n}", "data": kind} for n, kind in enumerate(kinds)))
    for number in range(5):
        await client.finished("orders", str(number + 1))
    await client.call("DELETE", "/workers/orders")


async def test_p35_an_unknown_queue_is_empty(client: Client) -> None:
    reply = await client.call("GET", JOBS)
    counts = {"waiting": 0, "active": 0, "completed": 0, "failed": 0, "paused": 0}
    assert reply.json() == {"counts": counts, "jobs": [], "start": 0, "length": 10}
    assert list(reply.json()) == ["counts", "jobs", "start", "length"]


async def test_p35_ten_jobs_newest_first_unless_asked_otherwise(client: Client) -> None:
    await fill(client, 25)
    first = await page(client)
    assert (names(first), first["start"], first["length"]) == ([f"n{n}" for n in range(24, 14, -1)], 0, 10)
    assert first["counts"]["waiting"] == 25
    assert names(await page(client, "start=20")) == ["n4", "n3", "n2", "n1", "n0"]
    assert names(await page(client, "start=3&length=2")) == ["n21", "n20"]
    assert names(await page(client, "start=99")) == []
    assert len(names(await page(client, "length=100"))) == 25


async def test_p35_the_range_is_per_status_in_the_order_asked_for(client: Client, endpoint: EndpointServer) -> None:
    await ended_jobs(client, endpoint)
    assert names(await page(client, "statuses=completed,failed")) == ["e4", "e2", "e0", "e3", "e1"]
    assert names(await page(client, "statuses=failed,completed&length=2")) == ["e3", "e1", "e4", "e2"]
    assert names(await page(client, "start=1&length=1&statuses=completed,failed")) == ["e2", "e1"]
    counts = (await page(client, "statuses=failed,delayed,completed"))["counts"]
    assert list(counts.items()) == [("failed", 2), ("delayed", 0), ("completed", 3)]


async def test_p35_commas_alone_mean_every_status(client: Client) -> None:
    await fill(client, 1)
    await fill(client, 1, delay=60_000)
    await fill(client, 1, priority=3)
    every = await page(client, "statuses=,")
    assert len(every["jobs"]) == 3
    assert set(every["counts"]) == {
        "active",
        "completed",
        "delayed",
        "failed",
        "paused",
        "prioritized",
        "waiting",
        "waiting-children",
    }
    assert names(await page(client, "statuses=")) == ["n0"]
    assert names(await page(client, "statuses=,delayed,")) == ["n0"]


@pytest.mark.parametrize(
    ("query", "start", "length"),
    [
        ("start=1&length=5abc", 1, 5),
        ("start=%202&length=3.9", 2, 3),
        ("start=&length=", 0, 10),
        ("start=1&start=7", 1, 10),
    ],
)
async def test_p35_numbers_are_read_as_parse_int_does(client: Client, query: str, start: int, length: int) -> None:
    found = await page(client, query)
    assert (found["start"], found["length"]) == (start, length)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("start=abc", "Invalid start or length"),
        ("length=abc", "Invalid start or length"),
        ("length=NaN", "Invalid start or length"),
        ("start=-1", "Start and length must be positive"),
        ("length=-1", "Start and length must be positive"),
        ("length=101", "Length must be less than or equal to 100"),
        ("statuses=paused", "Invalid status: paused"),
        ("statuses=prioritized", "Invalid status: prioritized"),
        ("statuses=waiting,%20active", "Invalid status:  active"),
        ("statuses=Waiting", "Invalid status: Waiting"),
        ("statuses=completed,nope,worse", "Invalid status: nope"),
        ("length=101&statuses=nope", "Length must be less than or equal to 100"),
    ],
)
@pytest.mark.one_engine
async def test_p36_paging_and_status_errors(client: Client, query: str, text: str) -> None:
    reply = await client.call("GET", f"{JOBS}?{query}")
    assert (reply.status, reply.text) == (400, text)


async def test_p37_paused_is_counted_beside_waiting(client: Client) -> None:
    await fill(client, 2)
    assert await client.counts("orders", "waiting") == {"waiting": 2, "paused": 0}
    assert await client.counts("orders", "active,completed") == {"active": 0, "completed": 0}


@pytest.mark.parametrize("version", [5, 6])
async def test_p37_a_paused_queue(client: Client, redis: Redis, prefix: str, version: int) -> None:
    """BullMQ 5 moves the waiting jobs to a list of its own, BullMQ 6 leaves them where they are."""
    await fill(client, 2)
    redis.hset(f"{prefix}:orders:meta", "paused", 1)
    if version == 5:
        redis.rename(f"{prefix}:orders:wait", f"{prefix}:orders:paused")
    found = await page(client)
    assert (found["counts"]["waiting"], found["counts"]["paused"]) == (0, 2)
    assert names(found) == ["n1", "n0"]


@pytest.mark.parametrize("query", ["length=0", "length=0&start=0", "start=3&length=0"])
async def test_p38_a_length_of_0_returns_no_jobs(client: Client, query: str) -> None:
    await fill(client, 5)
    found = await page(client, query)
    assert (found["jobs"], found["length"], found["counts"]["waiting"]) == ([], 0, 5)
    assert (await client.call("GET", f"{JOBS}/1/logs?{query}")).json() == {"logs": [], "count": 0}


async def test_p39_a_job_in_every_stage(client: Client, endpoint: EndpointServer, prefix: str) -> None:
    endpoint.script = hold
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "n", "data": {"x": 1}})
    call = await endpoint.next()
    active = await client.job("orders", "1")
    assert (active["attemptsStarted"], "finishedOn" in active, "failedReason" in active) == (1, False, False)
    call.respond(response({"paid": True}))
    ended = await client.finished("orders", "1")
    assert ended["returnvalue"] == {"paid": True}
    assert active["timestamp"] <= ended["processedOn"] <= ended["finishedOn"]
    assert ended["queueQualifiedName"] == f"{prefix}:orders"


@pytest.mark.parametrize(
    "job_id", ["1", "nope", "wait", "meta", "events", "id", "completed", "stalled-check", "a:b", "%20"]
)
async def test_p39_job_not_found(client: Client, job_id: str) -> None:
    await client.add("other", {"name": "n", "data": 1})
    await client.add("orders", {"name": "n", "data": 1, "opts": {"jobId": "mine"}})
    reply = await client.call("GET", f"{JOBS}/{job_id}")
    assert (reply.status, reply.text) == (404, "Job not found")


async def started(client: Client, endpoint: EndpointServer) -> EndpointCall:
    endpoint.script = hold
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "n", "data": 1})
    return await endpoint.next()


@pytest.mark.parametrize("progress", [100, 0.5, "half", {"progress": 50}, [1, {"a": None}], None, False, 0, ""])
async def test_p40_progress_is_kept_as_it_is(client: Client, endpoint: EndpointServer, progress: Any) -> None:
    call = await started(client, endpoint)
    reply = await client.call("POST", f"{JOBS}/1/progress", progress, token=call.token)
    assert (reply.status, reply.text) == (200, "OK")
    assert (await client.job("orders", "1"))["progress"] == progress


@pytest.mark.parametrize("body", [b"", b"{", b"half", b"1 2", b"\xff", b"[" * 9000])
async def test_p40_p41_malformed_json_is_400(client: Client, endpoint: EndpointServer, body: bytes) -> None:
    call = await started(client, endpoint)
    for name in ("progress", "logs"):
        assert (await client.call("POST", f"{JOBS}/1/{name}", body, token=call.token)).status == 400
    assert (await client.job("orders", "1"))["progress"] == 0
    assert (await client.call("GET", f"{JOBS}/1/logs")).json() == {"logs": [], "count": 0}


async def test_p41_p42_logs(client: Client, endpoint: EndpointServer) -> None:
    call = await started(client, endpoint)
    rows = ["plain", {"log": "unpacked"}, {"log": {"a": 1}}, 5, None, {"a": 1}, "é\n"]
    for row in rows:
        reply = await client.call("POST", f"{JOBS}/1/logs", row, token=call.token)
        assert (reply.status, reply.text) == (200, "OK")
    kept = ["plain", "unpacked", '{"a":1}', "5", "", '{"a":1}', "é\n"]

    async def logs(query: str) -> Any:
        reply = await client.call("GET", f"{JOBS}/1/logs?{query}")
        assert reply.status == 200
        return reply.json()

    assert await logs("") == {"logs": kept, "count": 7}
    assert await logs("start=1&length=2") == {"logs": kept[1:3], "count": 7}
    assert await logs("start=5") == {"logs": kept[5:], "count": 7}
    assert await logs("start=7") == {"logs": [], "count": 7}
    assert await logs("length=0") == {"logs": [], "count": 7}
    assert await logs("start=2&end=4") == {"logs": kept[2:5], "count": 7}
    assert await logs("start=2&end=-1") == {"logs": kept[2:], "count": 7}
    assert await logs("end=0") == {"logs": kept[:1], "count": 7}
    assert await logs("end=-1&length=1") == {"logs": kept, "count": 7}


async def test_p42_logs_of_an_unknown_job(client: Client) -> None:
    reply = await client.call("GET", f"{JOBS}/nope/logs")
    assert (reply.status, reply.text) == (200, '{"logs":[],"count":0}')


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("start=x", "Invalid start or length"),
        ("length=-1", "Start and length must be positive"),
        ("length=101", "Length must be less than or equal to 100"),
    ],
)
async def test_p42_paging_errors(client: Client, query: str, text: str) -> None:
    reply = await client.call("GET", f"{JOBS}/1/logs?{query}")
    assert (reply.status, reply.text) == (400, text)
