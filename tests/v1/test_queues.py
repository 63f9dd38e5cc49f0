"""Looking at queues, over HTTP and the queue socket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client, Reply
from tests.acceptance.conftest import Serve
from tests.acceptance.sockets import ProxySocket, opened

Q = "/v1/queues/mail"
NOTHING = dict.fromkeys(("waiting", "prioritized", "active", "delayed", "waiting-children", "completed", "failed"), 0)


@pytest.fixture
async def mail(server: RunningServer) -> AsyncIterator[ProxySocket]:
    """The queue socket of the queue `mail`."""
    async with opened(server, "/queues/mail") as socket:
        yield socket


async def add(client: Client, queue: str = "mail", *opts: dict[str, Any]) -> None:
    await client.add(queue, *({"name": "n", "data": {"x": 1}, "opts": one} for one in opts or ({},)))


def problem(reply: Reply, status: int, code: str) -> Any:
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert reply.json()["type"].endswith(f"#{code}")
    return reply.json()


async def test_queues_are_listed_with_counts_and_limits(client: Client) -> None:
    await add(client, "mail", {}, {"delay": 60_000})
    await client.call("PUT", f"{Q}/concurrency", {"concurrency": 4})
    await client.call("POST", "/v1/queues/fax/pause")
    reply = await client.call("GET", "/v1/queues")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    fax, mail = reply.json()["queues"]
    assert reply.json()["nextCursor"] is None
    assert (fax["name"], fax["paused"]) == ("fax", True)
    assert mail == {
        "name": "mail",
        "paused": False,
        "counts": NOTHING | {"waiting": 1, "delayed": 1},
        "concurrency": 4,
        "rateLimit": None,
        "perMinute": {"completed": 0, "failed": 0},
        "maxLenEvents": 10_000,
        "version": None,
    }


async def test_queues_come_in_pages(client: Client) -> None:
    for number in range(5):
        await add(client, f"queue-{number}")
    names: list[list[str]] = []
    query = "limit=2"
    while len(names) < 9:
        page = (await client.call("GET", f"/v1/queues?{query}")).json()
        names.append([queue["name"] for queue in page["queues"]])
        if page["nextCursor"] is None:
            break
        query = f"limit=2&cursor={page['nextCursor']}"
    assert names == [["queue-0", "queue-1"], ["queue-2", "queue-3"], ["queue-4"]]


async def test_queues_are_chosen_by_name(client: Client) -> None:
    for name in ("mail", "mail-2", "fax"):
        await add(client, name)
    found = (await client.call("GET", "/v1/queues?name=mail*")).json()["queues"]
    assert [queue["name"] for queue in found] == ["mail", "mail-2"]


async def test_queues_of_other_programs_are_found(client: Client, redis: Redis, prefix: str) -> None:
    redis.hset(f"{prefix}:theirs:meta", "opts.maxLenEvents", 500)
    redis.lpush(f"{prefix}:theirs:wait", "1")
    redis.hset(f"{prefix}:theirs:a:b:meta", "is", "a job's")
    redis.set(f"{prefix}:text:meta", "no hash")
    redis.hset(f"{prefix}2:other:meta", "paused", 1)
    redis.hset(f"{prefix}:\xff\xfe:meta".encode("latin-1"), "not", "UTF-8")
    reply = await client.call("GET", "/v1/queues")
    assert [(queue["name"], queue["counts"]["waiting"]) for queue in reply.json()["queues"]] == [("theirs", 1)]
    assert reply.json()["queues"][0]["maxLenEvents"] == 500


async def test_what_stands_in_a_queue_by_another_hand_may_be_anything(
    client: Client, redis: Redis, prefix: str
) -> None:
    fields: dict[Any, Any] = {
        "concurrency": "many",
        "max": "1e400",
        "duration": "",
        "opts.maxLenEvents": "-",
        "version": b"\xff",
    }
    redis.hset(f"{prefix}:mail:meta", mapping=fields)
    redis.hset(f"{prefix}:mail:metrics:failed", mapping={"count": "x", "prevTS": "y", "prevCount": "z"})
    for path in ("/v1/queues", Q, f"{Q}/concurrency", f"{Q}/rate-limit", f"{Q}/metrics/failed"):
        assert (await client.call("GET", path)).status == 200, path


async def test_a_queue_that_is_gone_leaves_the_list(client: Client, redis: Redis, prefix: str) -> None:
    await add(client)
    for key in redis.scan_iter(f"{prefix}:mail:*", count=100_000):
        redis.delete(key)
    for _ in range(2):
        assert (await client.call("GET", "/v1/queues")).json() == {"queues": [], "nextCursor": None}
    assert not redis.exists(f"{prefix}:corral:queues")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=%21", "cursor=YR", "size=3", "name=" + "a" * 201]
)
async def test_a_list_refuses_what_it_does_not_know(client: Client, query: str) -> None:
    body = problem(await client.call("GET", f"/v1/queues?{query}"), 400, "invalid-input")
    assert body["errors"][0]["parameter"] == query.split("=")[0]


async def test_one_queue(client: Client, mail: ProxySocket, server: RunningServer) -> None:
    await client.call("PUT", f"{Q}/rate-limit", {"max": 5, "duration": 1000})
    async with opened(server, "/queues/mail/process/1"):

        async def waits() -> bool:
            return bool(await mail.ok("getWorkersCount") == 1)

        await until(waits)
        await client.call("PUT", f"{Q}/throttle", {"ttl": 60_000})
        await add(client)
        queue = (await client.call("GET", Q)).json()
    assert (queue["name"], queue["rateLimit"], queue["workers"]) == ("mail", {"max": 5, "duration": 1000}, 1)
    assert 50_000 < queue["rateLimitTtl"] <= 60_000
    assert queue["counts"]["waiting"] == 1


async def test_an_unknown_queue(client: Client) -> None:
    problem(await client.call("GET", Q), 404, "queue-not-found")
    assert (await client.call("GET", f"{Q}/counts")).json()["waiting"] == 0
    assert (await client.call("GET", f"{Q}/paused")).json() == {"paused": False}
    assert (await client.call("GET", "/v1/queues")).json()["queues"] == []


@pytest.mark.parametrize("name", ["ab", "a%3Ab" * 30, "%ff%ff%ff"])
async def test_a_bad_name(client: Client, name: str) -> None:
    problem(await client.call("GET", f"/v1/queues/{name}"), 400, "invalid-input")


async def test_counts_per_state(client: Client) -> None:
    await add(client, "mail", {}, {}, {"priority": 3}, {"delay": 60_000})
    counts = (await client.call("GET", f"{Q}/counts")).json()
    assert counts == NOTHING | {"waiting": 2, "prioritized": 1, "delayed": 1}
    some = await client.call("GET", f"{Q}/counts?states=delayed,waiting")
    assert some.json() == {"delayed": 1, "waiting": 2}
    problem(await client.call("GET", f"{Q}/counts?states=delayed,paused"), 400, "invalid-input")


async def test_the_waiting_jobs_of_a_paused_queue_are_waiting(client: Client, redis: Redis, prefix: str) -> None:
    await add(client, "mail", {}, {})
    await client.call("POST", f"{Q}/pause")
    redis.rename(f"{prefix}:mail:wait", f"{prefix}:mail:paused")  # as BullMQ 5 does
    assert (await client.call("GET", f"{Q}/counts?states=waiting")).json() == {"waiting": 2}
    assert (await client.call("GET", Q)).json()["counts"]["waiting"] == 2


async def test_counts_per_priority(client: Client, mail: ProxySocket) -> None:
    await add(client, "mail", {}, {"priority": 3}, {"priority": 3}, {"priority": 9})
    reply = await client.call("GET", f"{Q}/priorities?priorities=3,0&priorities=4")
    assert reply.json() == {"3": 2, "0": 1, "4": 0}
    assert await mail.ok("getCountsPerPriority", [0, 3, 9, 3]) == {"0": 1, "3": 2, "9": 1}
    for query in ("", "?priorities=-1", "?priorities=2097153", "?priorities=x"):
        problem(await client.call("GET", f"{Q}/priorities{query}"), 400, "invalid-input")


async def test_metrics(client: Client, mail: ProxySocket, redis: Redis, prefix: str) -> None:
    redis.hset(f"{prefix}:mail:metrics:failed", mapping={"count": 9, "prevTS": 1_795_000_000_000, "prevCount": 6})
    redis.rpush(f"{prefix}:mail:metrics:failed:data", 1, 2, 3)
    whole = {"meta": {"count": 9, "prevTS": 1_795_000_000_000, "prevCount": 6}, "data": [1, 2, 3], "count": 3}
    assert (await client.call("GET", f"{Q}/metrics/failed")).json() == whole
    assert (await client.call("GET", f"{Q}/metrics/failed?start=1&end=1")).json() == whole | {"data": [2]}
    assert await mail.ok("getMetrics", "failed") == whole
    assert await mail.ok("getMetrics", "failed", 0, 1) == whole | {"data": [1, 2]}
    assert (await mail.ok("getMetrics", "completed"))["data"] == []
    problem(await client.call("GET", f"{Q}/metrics/stalled"), 400, "invalid-input")


@pytest.mark.parametrize(("points", "counted"), [(1440, 1), (0, 0)])
async def test_corrals_workers_collect_metrics(serve: Serve, points: int, counted: int) -> None:
    server = await serve(metrics_points=points)
    client = Client(server.port)
    async with opened(server, "/queues/mail/process/2") as worker:
        for answer, ending in (({"result": 1}, "completed"), ({"err": {"message": "broken"}}, "failed")):
            await add(client)
            id, _ = await worker.job()
            await worker.answer(id, **answer)
            await client.finished("mail", "1" if ending == "completed" else "2")
            metrics = (await client.call("GET", f"{Q}/metrics/{ending}")).json()
            assert (metrics["meta"]["count"], metrics["meta"]["prevTS"] > 0) == (counted, counted > 0)


async def test_the_getters_of_the_socket(client: Client, mail: ProxySocket) -> None:
    await add(client, "mail", {}, {}, {"priority": 3}, {"delay": 60_000})
    assert await mail.ok("count") == 4
    assert await mail.ok("getJobCountByTypes", "waiting", "delayed") == 3
    names = ("Waiting", "Delayed", "Prioritized", "Active", "Completed", "Failed", "WaitingChildren")
    assert [await mail.ok(f"get{name}Count") for name in names] == [2, 1, 1, 0, 0, 0, 0]
    assert await mail.ok("getMeta") == {"paused": False, "maxLenEvents": 10_000}
    assert await mail.ok("getVersion") is None
    assert await mail.ok("getWorkersCount") == 0
    assert await mail.ok("isPaused") is False


async def test_the_meta_of_the_socket_has_all_limits(client: Client, mail: ProxySocket) -> None:
    assert await mail.ok("getMeta") == {"paused": False}
    await mail.ok("setGlobalConcurrency", 3)
    await mail.ok("setGlobalRateLimit", 5, 1000)
    await mail.ok("pause")
    assert await mail.ok("getMeta") == {"paused": True, "concurrency": 3, "max": 5, "duration": 1000}


async def test_all_of_it_wants_a_token(client: Client) -> None:
    for path in ("/v1/queues", Q, f"{Q}/counts", f"{Q}/metrics/failed"):
        assert (await client.call("GET", path, token=None)).status == 401
