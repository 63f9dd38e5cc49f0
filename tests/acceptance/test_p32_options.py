"""What the options of a job do once a worker comes."""

import time
from typing import Any

import pytest

from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, hold, response


def job(name: str, **opts: Any) -> dict[str, Any]:
    return {"name": name, "data": 1, "opts": opts}


async def names(endpoint: EndpointServer, count: int) -> list[str]:
    return [call.job["name"] for call in await endpoint.take(count)]


async def test_p32_priorities_come_after_plain_jobs_lowest_number_first(
    client: Client, endpoint: EndpointServer
) -> None:
    await client.add("orders", job("9", priority=9), job("5a", priority=5), job("1", priority=1))
    await client.add("orders", job("plain"), job("5b", priority=5))
    assert (await client.counts("orders", ","))["prioritized"] == 4
    await client.register("orders", endpoint.url)
    assert await names(endpoint, 5) == ["plain", "1", "5a", "5b", "9"]


async def test_p32_lifo_jumps_the_queue(client: Client, endpoint: EndpointServer) -> None:
    await client.add("orders", job("first"), job("second", lifo=False), job("third", lifo=True), job("last", lifo=True))
    await client.register("orders", endpoint.url)
    assert await names(endpoint, 4) == ["last", "third", "first", "second"]


async def test_p32_a_delayed_job_runs_when_it_is_due(client: Client, endpoint: EndpointServer) -> None:
    await client.register("orders", endpoint.url)
    before = time.time() * 1000
    await client.add("orders", job("later", delay=150), job("now"), job("not today", delay=86_400_000))
    assert await names(endpoint, 2) == ["now", "later"]
    assert time.time() * 1000 - before >= 150
    assert await client.counts("orders", "delayed") == {"delayed": 1}
    assert (await client.finished("orders", "1"))["delay"] == 0


async def test_p32_a_delay_ends_also_without_other_work(client: Client, endpoint: EndpointServer) -> None:
    await client.add("orders", job("later", delay=100))
    await client.register("orders", endpoint.url)
    assert await names(endpoint, 1) == ["later"]


@pytest.mark.parametrize(
    ("backoff", "least"),
    [(None, 0), (40, 80), ({"type": "fixed", "delay": 40}, 80), ({"type": "exponential", "delay": 40}, 120)],
)
async def test_p32_a_failing_job_is_tried_again(
    client: Client, endpoint: EndpointServer, backoff: Any, least: int
) -> None:
    endpoint.script = lambda call: response(status="500 Oh No")
    await client.register("orders", endpoint.url)
    begun = time.monotonic()
    await client.add("orders", job("n", attempts=3, backoff=backoff))
    calls = await endpoint.take(3)
    assert (time.monotonic() - begun) * 1000 >= least
    assert [call.job["attemptsMade"] for call in calls] == [0, 1, 2]
    assert [call.job["attemptsStarted"] for call in calls] == [1, 2, 3]
    ended = await client.finished("orders", "1")
    assert (ended["attemptsMade"], ended["failedReason"]) == (3, "Oh No")
    assert len(ended["stacktrace"]) == 3


async def test_p32_a_custom_id(client: Client, endpoint: EndpointServer) -> None:
    await client.add("orders", job("n", jobId="invoice-7"))
    await client.register("orders", endpoint.url)
    assert (await endpoint.next()).job["id"] == "invoice-7"
    assert (await client.finished("orders", "invoice-7"))["returnvalue"] == {"ok": True}


@pytest.mark.parametrize(
    ("keep", "left"), [(True, 0), (2, 2), ({"count": 1}, 1), ({"age": 900}, 4), (False, 4)], ids=str
)
async def test_p32_finished_jobs_are_removed_as_they_say(
    client: Client, endpoint: EndpointServer, keep: Any, left: int
) -> None:
    endpoint.script = lambda call: response(status="500 No") if call.job["name"] == "bad" else response({})
    options = {"removeOnComplete": keep, "removeOnFail": keep}
    await client.add("orders", *(job(name, **options) for name in ("good", "bad") for _ in range(4)))
    await client.register("orders", endpoint.url)
    await endpoint.take(8)

    async def idle() -> bool:
        counts: dict[str, int] = await client.counts("orders", "waiting,active")
        return counts == {"waiting": 0, "active": 0, "paused": 0}

    await until(idle)
    assert await client.counts("orders", "completed,failed") == {"completed": left, "failed": left}


async def test_p33_a_known_job_id_returns_the_existing_id(client: Client) -> None:
    await client.add("orders", job("first", jobId="mine"))
    added = await client.add("orders", job("second", jobId="mine"), job("third", jobId="mine"))
    assert [one["id"] for one in added] == ["mine", "mine"]
    assert (await client.job("orders", "mine"))["name"] == "first"
    assert (await client.counts("orders", "waiting"))["waiting"] == 1


async def test_p33_deduplication_with_ttl(client: Client, endpoint: EndpointServer) -> None:
    only_once = {"deduplication": {"id": "d", "ttl": 200}}
    first, again = await client.add("orders", job("first", **only_once), job("again", **only_once))
    [other] = await client.add("orders", job("other", deduplication={"id": "e", "ttl": 200}))
    assert (first["id"], again["id"]) == ("1", "1")
    assert other["id"] != "1"
    await client.register("orders", endpoint.url)
    await client.finished("orders", "1")

    async def added_anew() -> Any:
        [one] = await client.add("orders", job("later", **only_once))
        return one["id"] if one["id"] != "1" else None

    assert await until(added_anew)


async def test_p33_deduplication_without_ttl_lasts_until_the_job_ends(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    only_once = {"deduplication": {"id": "d"}}
    await client.add("orders", job("first", **only_once))
    await client.register("orders", endpoint.url)
    call = await endpoint.next()
    assert (await client.add("orders", job("again", **only_once)))[0]["id"] == "1"
    call.respond(response({}))
    await client.finished("orders", "1")
    assert (await client.add("orders", job("later", **only_once)))[0]["id"] != "1"


async def test_p34_repeat_every(client: Client, endpoint: EndpointServer) -> None:
    [added] = await client.add("orders", job("tick", repeat={"every": 50, "limit": 3}))
    assert added["id"].startswith("repeat:")
    await client.register("orders", endpoint.url)
    ticks = [call.job for call in await endpoint.take(3)]
    assert [tick["opts"]["repeat"]["count"] for tick in ticks] == [1, 2, 3]
    assert {tick["name"] for tick in ticks} == {"tick"}
    for tick in ticks:
        await client.finished("orders", tick["id"])
    counts = await client.counts("orders")
    assert (counts["completed"], counts["delayed"], counts["waiting"]) == (3, 0, 0)


async def test_p34_repeat_by_pattern(client: Client) -> None:
    pattern = {"pattern": "0 0 1 1 *", "tz": "Europe/Berlin"}
    [added] = await client.add("orders", job("new year", repeat=pattern))
    assert added["id"].startswith("repeat:")
    assert (await client.counts("orders", "delayed"))["delayed"] == 1
    stored = await client.job("orders", added["id"])
    assert stored["delay"] > 0
    assert stored["opts"]["repeat"]["pattern"] == pattern["pattern"]


async def test_p34_the_same_repetition_twice_is_one(client: Client) -> None:
    for _ in range(3):
        await client.add("orders", job("tick", repeat={"every": 3_600_000}))
    counts = await client.counts("orders", "delayed,waiting")
    assert counts["delayed"] + counts["waiting"] == 1


@pytest.mark.parametrize(
    ("repeat", "text"),
    [
        ({"limit": 3}, "repeat.every is required"),
        ({"every": 5, "x": 1}, "Unexpected field: opts.x"),
        ({"every": -5}, "Invalid every -5"),
        ({"every": "5"}, "Invalid every 5"),
        ({"every": 5, "limit": 1.5}, "Invalid limit 1.5"),
        ({"every": 5, "immediately": 1}, "Invalid immediately 1, must be a boolean"),
        ({"every": 5, "key": 7}, "Invalid key 7, must be a string"),
    ],
)
async def test_p34_repeat_texts(client: Client, repeat: Any, text: str) -> None:
    reply = await client.call("POST", "/queues/orders/jobs", [job("tick", repeat=repeat)])
    assert (reply.status, reply.text) == (400, text)


@pytest.mark.parametrize(
    "repeat",
    [
        {"pattern": "not a pattern"},
        {"pattern": "61 * * * *"},
        {"pattern": "* * * * *", "tz": "Mars/Olympus"},
        {"pattern": "* * * * *", "every": 5},
        {"every": 5, "endDate": 1},
        {"every": 5, "limit": 0.0, "count": 9},
    ],
)
async def test_p34_a_repetition_that_cannot_be_is_400(client: Client, repeat: Any) -> None:
    reply = await client.call("POST", "/queues/orders/jobs", [job("plain"), job("tick", repeat=repeat)])
    assert reply.status == 400
    assert (await client.counts("orders", "waiting"))["waiting"] == 0
