"""Moving all jobs of a queue, over HTTP and the queue socket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from tests.acceptance.client import Client, Reply
from tests.acceptance.sockets import ProxySocket, opened

Q = "/v1/queues/mail"


@pytest.fixture
async def mail(server: RunningServer) -> AsyncIterator[ProxySocket]:
    """The queue socket of the queue `mail`."""
    async with opened(server, "/queues/mail") as socket:
        yield socket


@pytest.fixture
def failed(redis: Redis, prefix: str) -> Any:
    """Puts the waiting jobs of `mail` where failed ones are."""

    def move(*ids: str, at: int = 1_700_000_000_000) -> None:
        for job_id in ids:
            redis.lrem(f"{prefix}:mail:wait", 0, job_id)
            redis.zadd(f"{prefix}:mail:failed", {job_id: at})
            redis.hset(f"{prefix}:mail:{job_id}", mapping={"finishedOn": at, "failedReason": "broken"})

    return move


async def add(client: Client, *opts: dict[str, Any]) -> None:
    await client.add("mail", *({"name": "n", "data": {"x": 1}, "opts": one} for one in opts or ({},)))


async def counts(client: Client) -> dict[str, int]:
    found: dict[str, int] = (await client.call("GET", f"{Q}/counts")).json()
    return {state: count for state, count in found.items() if count}


def refused(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert reply.json()["type"].endswith(f"#{code}")


def done(reply: Reply) -> None:
    assert (reply.status, reply.body) == (204, b"")


async def test_pause_and_resume(client: Client) -> None:
    done(await client.call("POST", f"{Q}/pause"))
    assert (await client.call("GET", f"{Q}/paused")).json() == {"paused": True}
    done(await client.call("POST", f"{Q}/resume"))
    assert (await client.call("GET", f"{Q}/paused")).json() == {"paused": False}


async def test_drain(client: Client, mail: ProxySocket) -> None:
    await add(client, {}, {"priority": 1}, {"delay": 60_000})
    done(await client.call("POST", f"{Q}/drain"))
    assert await counts(client) == {"delayed": 1}
    await add(client)
    done(await client.call("POST", f"{Q}/drain", {"delayed": True}))
    assert await counts(client) == {}
    await add(client, {}, {"delay": 60_000})
    await mail.ok("drain")
    assert await counts(client) == {"delayed": 1}
    await mail.ok("drain", True)
    assert await counts(client) == {}


async def test_the_next_job_of_a_scheduler_is_not_drained(client: Client) -> None:
    await add(client, {"repeat": {"every": 3_600_000}}, {"delay": 60_000})
    before = await counts(client)
    done(await client.call("POST", f"{Q}/drain", {"delayed": True}))
    assert sum((await counts(client)).values()) == sum(before.values()) - 1


async def test_clean(client: Client, mail: ProxySocket, failed: Any) -> None:
    await add(client, {}, {}, {}, {})
    failed("1", "2", "3")
    first = await client.call("POST", f"{Q}/clean", {"grace": 0, "limit": 1, "state": "failed"})
    assert first.json() == {"count": 1, "ids": ["1"]}
    assert await mail.ok("clean", 0, 100, "failed") == ["2", "3"]
    assert await mail.ok("clean", 0, 100) == []
    assert await mail.ok("clean", 3_600_000, 100, "wait") == []
    assert await counts(client) == {"waiting": 1}


@pytest.mark.parametrize(
    "body",
    [{}, {"grace": 0}, {"limit": 0}, {"grace": -1, "limit": 1}, {"grace": 0, "limit": -1}, {"grace": 0.5, "limit": 1},
     {"grace": 0, "limit": 1, "state": "waiting-children"}, {"grace": 0, "limit": 1, "type": "failed"}, [], None, b"{"],
)  # fmt: skip
@pytest.mark.one_engine
async def test_clean_refuses(client: Client, body: Any) -> None:
    await add(client)
    refused(await client.call("POST", f"{Q}/clean", body), 400, "invalid-input")
    assert await counts(client) == {"waiting": 1}


async def test_obliterate_wants_a_paused_queue(client: Client, redis: Redis, prefix: str) -> None:
    await add(client, {}, {"delay": 60_000}, {"priority": 3})
    refused(await client.call("POST", f"{Q}/obliterate"), 409, "queue-not-paused")
    await client.call("POST", f"{Q}/pause")
    done(await client.call("POST", f"{Q}/obliterate"))
    assert list(redis.scan_iter(f"{prefix}:mail:*", count=100_000)) == []
    refused(await client.call("GET", Q), 404, "queue-not-found")


async def test_obliterate_spares_running_jobs_unless_forced(client: Client, server: RunningServer) -> None:
    async with opened(server, "/queues/mail/process/1") as worker:
        await add(client, {}, {})
        await worker.job()
        await client.call("POST", f"{Q}/pause")
        refused(await client.call("POST", f"{Q}/obliterate"), 409, "queue-active")
        assert await counts(client) == {"active": 1, "waiting": 1}
        done(await client.call("POST", f"{Q}/obliterate", {"force": True, "count": 1}))
        assert await counts(client) == {}


async def test_obliterate_on_the_socket_pauses_first(client: Client, mail: ProxySocket, server: RunningServer) -> None:
    await add(client, *({} for _ in range(5)))
    await mail.ok("obliterate", {"force": False, "count": 2})
    assert await counts(client) == {}
    assert await mail.ok("isPaused") is False
    async with opened(server, "/queues/mail/process/1") as worker:
        await add(client)
        await worker.job()
        data = await mail.call("obliterate")
        assert data["err"]["message"] == "Cannot obliterate queue with active jobs"
        assert await mail.ok("isPaused") is True
        await mail.ok("obliterate", {"force": True})
    assert await counts(client) == {}


@pytest.mark.parametrize("argument", [{"count": 0}, {"count": "all"}, {"force": 1}, "force", [True]])
async def test_obliterate_on_the_socket_refuses(client: Client, mail: ProxySocket, argument: Any) -> None:
    await add(client)
    assert "err" in await mail.call("obliterate", argument)
    assert await counts(client) == {"waiting": 1}


async def test_retry(client: Client, mail: ProxySocket, failed: Any) -> None:
    await add(client, {}, {}, {})
    failed("1", at=1000)
    failed("2", "3", at=2000)
    done(await client.call("POST", f"{Q}/retry", {"timestamp": 1500}))
    assert await counts(client) == {"waiting": 1, "failed": 2}
    done(await client.call("POST", f"{Q}/retry", {"state": "completed"}))
    assert await counts(client) == {"waiting": 1, "failed": 2}
    done(await client.call("POST", f"{Q}/retry", {"count": 1}))
    assert await counts(client) == {"waiting": 3}
    failed("1", "2")
    await mail.ok("retryJobs", {"state": "failed", "count": 1, "timestamp": 1_700_000_000_000})
    assert await counts(client) == {"waiting": 3}
    await mail.ok("retryJobs")


async def test_promote(client: Client, mail: ProxySocket) -> None:
    await add(client, {"delay": 60_000}, {"delay": 70_000})
    done(await client.call("POST", f"{Q}/promote", {"count": 1}))
    assert await counts(client) == {"waiting": 2}
    await add(client, {"delay": 60_000})
    await mail.ok("promoteJobs", {"count": 10})
    assert await counts(client) == {"waiting": 3}


@pytest.mark.parametrize(
    "body", [{"count": 0}, {"count": 10_001}, {"count": "1"}, {"state": "delayed"}, {"timestamp": -1}]
)
async def test_retry_refuses(client: Client, body: Any) -> None:
    refused(await client.call("POST", f"{Q}/retry", body), 400, "invalid-input")


async def test_trim_events(client: Client, mail: ProxySocket, redis: Redis, prefix: str) -> None:
    await add(client, *({} for _ in range(600)))
    before = redis.xlen(f"{prefix}:mail:events")
    reply = await client.call("POST", f"{Q}/trim-events", {"maxLength": 100})
    assert reply.json() == {"trimmed": before - redis.xlen(f"{prefix}:mail:events")}
    assert reply.json()["trimmed"] > 0
    assert await mail.ok("trimEvents", 0) > 0
    refused(await client.call("POST", f"{Q}/trim-events", {}), 400, "invalid-input")
    refused(await client.call("POST", f"{Q}/trim-events", {"maxLength": -1}), 400, "invalid-input")
