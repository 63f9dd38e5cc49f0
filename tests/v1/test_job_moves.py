"""Moving one job: promote, retry, remove, delay, priority, discard."""

from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.v1.jobs import completed, failed, held, made, refused, say, state

LATER = {"opts": {"delay": 60_000}}


async def test_promote(client: Client) -> None:
    await made(client, LATER, {})
    await say(client, "POST", "/1/promote")
    assert await state(client, "1") == "waiting"
    assert await refused(client, "POST", "/1/promote") == (409, "not-in-state")


async def test_retry(client: Client) -> None:
    await made(client, {}, {})
    done, broken = await held(client, 2)
    await completed(client, done)
    await failed(client, broken)
    assert await refused(client, "POST", "/1/retry") == (409, "not-in-state")
    await say(client, "POST", "/1/retry", {"state": "completed"})
    await say(client, "POST", "/2/retry", {"resetAttemptsMade": True, "resetAttemptsStarted": True})
    assert await state(client, "1") == await state(client, "2") == "waiting"
    again = await say(client, "GET", "/2", status=200)
    assert (again["attemptsMade"], again["attemptsStarted"], "failedReason" in again) == (0, 0, False)


async def test_remove(client: Client, prefix: str) -> None:
    below = {"opts": {"parent": {"id": "1", "queue": f"{prefix}:mail"}, "delay": 60_000}}
    await made(client, LATER)
    await made(client, below, LATER, {})
    await say(client, "DELETE", "/1?removeChildren=false")
    await say(client, "DELETE", "/2")
    await held(client)
    assert await refused(client, "DELETE", "/4") == (409, "job-locked")
    page = await say(client, "GET", "", status=200)
    assert [job["id"] for job in page["jobs"]] == ["4", "3"]


async def test_remove_spares_the_next_job_of_a_scheduler(client: Client) -> None:
    every = {"name": "tick", "opts": {"repeat": {"every": 3_600_000}}}
    job = await say(client, "POST", "", every, status=201)
    assert await refused(client, "DELETE", f"/{job['id']}") == (409, "belongs-to-scheduler")


async def test_change_delay(client: Client) -> None:
    await made(client, LATER, {})
    await say(client, "PUT", "/1/delay", {"delay": 0})
    assert sorted(one["id"] for one in await held(client, 2)) == ["1", "2"]
    assert await refused(client, "PUT", "/2/delay", {"delay": 1}) == (409, "not-in-state")


async def test_change_priority(client: Client) -> None:
    await made(client, {}, {"opts": {"priority": 2}}, {"opts": {"priority": 2}})
    await say(client, "PUT", "/1/priority", {"priority": 3})
    await say(client, "PUT", "/3/priority", {"priority": 2, "lifo": True})
    assert [one["id"] for one in await held(client, 3)] == ["3", "2", "1"]


async def test_discard(client: Client) -> None:
    await made(client, {"opts": {"attempts": 5}})
    await say(client, "POST", "/1/discard")
    (lease,) = await held(client)
    reply = await client.call("POST", "/v1/queues/mail/leases/fail", {"items": [lease | {"reason": "no"}]})
    assert reply.json()["results"][0]["ok"]
    assert await state(client, "1") == "failed"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "promote", {}),
        ("POST", "retry", {}),
        ("DELETE", "", None),
        ("PUT", "delay", {"delay": 1}),
        ("PUT", "priority", {"priority": 1}),
        ("POST", "discard", {}),
    ],
)
async def test_no_such_job(client: Client, method: str, path: str, body: Any) -> None:
    await made(client, {})
    for id in ("2", "meta", "wait", "events", "1:lock", "id"):
        assert await refused(client, method, f"/{id}/{path}".rstrip("/"), body) == (404, "job-not-found")
    assert await state(client, "1") == "waiting"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "retry", {"state": "active"}),
        ("POST", "retry", {"reset": True}),
        ("POST", "retry", []),
        ("DELETE", "?removeChildren=perhaps", None),
        ("DELETE", "?children=true", None),
        ("PUT", "delay", {}),
        ("PUT", "delay", {"delay": -1}),
        ("PUT", "delay", {"delay": 1.5}),
        ("PUT", "delay", {"delay": 2**53}),
        ("PUT", "priority", {"priority": 2**21}),
        ("PUT", "priority", {"priority": None}),
        ("PUT", "priority", {"lifo": 1}),
        ("PUT", "priority", b"\xff"),
    ],
    ids=str,
)
async def test_what_cannot_be(client: Client, method: str, path: str, body: Any) -> None:
    await made(client, LATER)
    place = f"/1{path}" if path.startswith("?") else f"/1/{path}"
    assert await refused(client, method, place, body) == (400, "invalid-input")
