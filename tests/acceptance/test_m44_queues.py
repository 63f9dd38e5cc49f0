"""Queues of the queue service: what they hold, and their switches."""

from typing import Any

import pytest

from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program

BUILT_IN = {
    "email": (3, "exponential", 2000),
    "webhook": (5, "exponential", 5000),
    "image-processing": (2, "fixed", 1000),
    "pdf-generation": (3, "exponential", 3000),
    "data-export": (2, "exponential", 10_000),
    "ai-processing": (2, "exponential", 5000),
    "scheduled-tasks": (3, "exponential", 1000),
    "notifications": (3, "exponential", 2000),
    "social-media": (3, "exponential", 5000),
    "web-scraping": (3, "exponential", 5000),
    "indexing": (3, "exponential", 3000),
}


@pytest.fixture
async def api(serve: Serve) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))


async def stats(api: Operator, queue: str) -> Any:
    return (await api.ok("GET", f"/api/queues/{queue}/stats"))["data"]


async def test_m44_queues_and_what_their_jobs_have_by_default(api: Operator) -> None:
    await api.submit("of-my-own")
    found = await api.ok("GET", "/api/queues")
    assert found["success"]
    listed = {queue["name"]: queue["defaultJobOptions"] for queue in found["data"]}
    for name, (attempts, kind, delay) in BUILT_IN.items():
        assert (listed[name]["attempts"], listed[name]["backoff"]) == (attempts, {"type": kind, "delay": delay})
    assert listed["of-my-own"]["attempts"] == 3
    assert all(queue["description"] for queue in found["data"])


async def test_m44_counts(api: Operator) -> None:
    ids = [await api.submit("of-my-own") for _ in range(4)]
    await api.submit("of-my-own", options={"priority": 2})
    await api.submit("of-my-own", options={"delay": 60_000})
    for job_id, status in zip(ids, ("started", "completed", "failed"), strict=False):
        await api.ok("PUT", f"/api/jobs/{job_id}", {"status": status})
    counts = {"waiting": 2, "active": 1, "completed": 1, "failed": 1, "delayed": 1, "paused": 0}
    assert await stats(api, "of-my-own") == {"name": "of-my-own", **counts}
    listed = {queue["name"]: queue for queue in (await api.ok("GET", "/api/queues/stats"))["data"]}
    assert listed["of-my-own"] == {"name": "of-my-own", **counts}
    assert listed["email"] == {"name": "email", **dict.fromkeys(counts, 0)}
    assert await stats(api, "email") == listed["email"]


async def test_m44_a_queue_that_is_not_there(api: Operator) -> None:
    error = {"code": "QUEUE_NOT_FOUND", "message": "Queue 'unheard-of' not found"}
    calls = (("GET", "stats"), ("POST", "pause"), ("POST", "resume"), ("POST", "clean"))
    for method, path in calls:
        reply = await api.call(method, f"/api/queues/unheard-of/{path}")
        assert (reply.status, reply.json()) == (404, {"success": False, "error": error})


async def test_m44_an_application_counts_its_own_jobs(api: Operator) -> None:
    shop, bank = await api.make("shop"), await api.make("bank")
    await shop.submit("mail")
    for _ in range(2):
        await bank.submit("mail")
    assert (await shop.ok("GET", "/api/queues/mail/stats"))["data"]["waiting"] == 1
    assert (await bank.ok("GET", "/api/queues/mail/stats"))["data"]["waiting"] == 2
    assert "mail" in [queue["name"] for queue in (await bank.ok("GET", "/api/queues"))["data"]]


async def test_m45_pause_and_resume(api: Operator) -> None:
    await api.submit("mail")
    done = await api.ok("POST", "/api/queues/mail/pause")
    assert done == {"success": True, "data": {"message": "Queue 'mail' paused successfully"}}
    assert (await stats(api, "mail"))["paused"] == 1
    done = await api.ok("POST", "/api/queues/mail/resume")
    assert done["data"]["message"] == "Queue 'mail' resumed successfully"
    assert (await stats(api, "mail"))["waiting"] == 1


async def test_m45_clean(api: Operator) -> None:
    for status in ("completed", "failed", "started"):
        await api.ok("PUT", f"/api/jobs/{await api.submit('mail')}", {"status": status})
    await api.ok("POST", "/api/queues/mail/clean", {"grace": 3_600_000})
    assert (await stats(api, "mail"))["completed"] == 1
    done = await api.ok("POST", "/api/queues/mail/clean", {"grace": 0})
    assert done["data"]["message"] == "Queue 'mail' cleaned successfully"
    found = await stats(api, "mail")
    assert (found["completed"], found["failed"], found["active"]) == (0, 1, 1)


@pytest.mark.parametrize("verb", ["pause", "resume", "clean"])
async def test_m45_for_the_master_alone(api: Operator, verb: str) -> None:
    shop = await api.make("shop")
    await shop.submit("mail")
    error = {"code": "PERMISSION_DENIED", "message": f"Only master application can {verb} queues"}
    reply = await shop.call("POST", f"/api/queues/mail/{verb}")
    assert (reply.status, reply.json()) == (403, {"success": False, "error": error})
    unknown = "INVALID_API_KEY"
    for key, code in ((None, "MISSING_API_KEY"), ("nonsense", unknown), ("sk_" + "0" * 32, unknown)):
        reply = await Program(api.port, key).call("POST", f"/api/queues/mail/{verb}")
        assert (reply.status, reply.json()["error"]["code"]) == (401, code)


async def test_m45_for_the_master_also_where_nobody_is_asked_for_a_key(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER, checks_keys=False)
    assert (await Program(server.port, None).call("POST", "/api/queues/email/pause")).status == 403
    assert (await Operator(server).call("POST", "/api/queues/email/pause")).status == 200
