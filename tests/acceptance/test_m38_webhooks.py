"""Webhooks of an application: called for what happens to its jobs and queues, signed, and tried again."""

import hashlib
import hmac
import re
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.service import MASTER, Operator, Program

_JOB_EVENTS = ["created", "started", "progress", "completed", "failed", "retrying", "stalled"]
_FAST = {"maxAttempts": 3, "backoffMultiplier": 2, "initialDelay": 5}


async def _shop(serve: Serve, **settings: Any) -> Program:
    return await Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0, **settings)).make()


async def _hook(program: Program, url: str, *events: str, **more: Any) -> Any:
    body = {"url": url, "events": list(events), **more}
    return (await program.ok("POST", "/api/webhooks", body))["data"]


async def _run(program: Program, queue: str = "mail") -> str:
    job_id = await program.submit(queue)
    await program.ok("PUT", f"/api/jobs/{job_id}", {"status": "completed", "result": {"ok": 1}})
    return job_id


async def test_m38_create_list_get_change_delete(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    reply = await shop.call("POST", "/api/webhooks", {"url": endpoint.url, "events": ["job.completed"]})
    made = reply.json()["data"]
    assert (reply.status, reply.json()["success"]) == (201, True)
    assert list(made) == ["id", "url", "events", "queues", "secret", "active", "createdAt"]
    assert (made["events"], made["queues"], made["active"]) == (["job.completed"], ["*"], True)
    assert re.fullmatch(r"whsec_[A-Za-z0-9_-]{43}=?", made["secret"])
    (listed,) = (await shop.ok("GET", "/api/webhooks"))["data"]
    assert "secret" not in listed
    assert (listed["failureCount"], listed["lastTriggeredAt"]) == (0, None)
    path = f"/api/webhooks/{made['id']}"
    whole = (await shop.ok("GET", path))["data"]
    assert (whole["secret"], whole["headers"]) == (made["secret"], {})
    assert whole["retryConfig"] == {"maxAttempts": 3, "backoffMultiplier": 2, "initialDelay": 1000}
    changed = (await shop.ok("PATCH", path, {"queues": ["mail-*"], "active": False}))["data"]
    assert (changed["queues"], changed["active"], changed["url"]) == (["mail-*"], False, endpoint.url)
    gone = await shop.ok("DELETE", path)
    assert gone == {"success": True, "data": {"message": "Webhook deleted successfully"}}
    missing = {"code": "WEBHOOK_NOT_FOUND", "message": f"Webhook '{made['id']}' not found"}
    for method in ("GET", "PATCH", "DELETE"):
        reply = await shop.call(method, path, {})
        assert (reply.status, reply.json()) == (404, {"success": False, "error": missing})


@pytest.mark.parametrize(
    "body",
    [{}, {"url": "http://h/"}, {"events": ["job.failed"]}, {"url": "http://h/", "events": "job.failed"}],
)
async def test_m38_url_and_events_are_needed(serve: Serve, body: Any) -> None:
    reply = await (await _shop(serve)).call("POST", "/api/webhooks", body)
    error = {"code": "VALIDATION_ERROR", "message": "URL and events array are required"}
    assert (reply.status, reply.json()) == (400, {"success": False, "error": error})


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://h/", "events": ["job.failed"]},
        {"url": "http://169.254.169.254/", "events": ["job.failed"]},
        {"url": "http://h/", "events": ["job.eaten"]},
        {"url": "http://h/", "events": ["job.failed"], "headers": {"webhook-id": "mine"}},
        {"url": "http://h/", "events": ["job.failed"], "retryConfig": {"maxAttempts": 0}},
    ],
)
async def test_m38_refusals(serve: Serve, body: Any) -> None:
    reply = await (await _shop(serve)).call("POST", "/api/webhooks", body)
    assert (reply.status, reply.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


async def test_m39_signatures_and_headers(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await _hook(shop, endpoint.url, "job.completed", headers={"X-Mine": "1"})
    job = await _run(shop)
    call = await endpoint.next()
    secret = made["secret"]
    assert call.headers["user-agent"] == "QueueService-Webhooks/1.0"
    assert call.headers["x-webhook-signature"] == hmac.new(secret.encode(), call.body, hashlib.sha256).hexdigest()
    assert (call.headers["x-webhook-event"], call.headers["x-webhook-attempt"]) == ("job.completed", "1")
    assert (call.headers["x-mine"], call.headers["x-webhook-timestamp"][-1]) == ("1", "Z")
    Verifier(secret).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(call.body + b" ", call.headers)
    body = call.json()
    assert list(body) == ["event", "timestamp", "data"]
    created = body["data"].pop("createdAt")
    assert created.endswith("Z")
    assert body["data"] == {
        "jobId": job,
        "queue": "mail",
        "status": "completed",
        "application": {"id": shop.application, "name": "shop"},
        "result": {"ok": 1},
    }


async def test_m39_two_secrets_while_one_takes_over(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await _hook(shop, endpoint.url, "job.completed")
    rotated = await shop.ok("POST", f"/v1/webhooks/{made['id']}/secret", {"overlapMs": 60_000})
    await _run(shop)
    call = await endpoint.next()
    for secret in (made["secret"], rotated["secret"]):
        Verifier(secret).verify(call.body, call.headers)


async def test_m40_what_is_tried_again(serve: Serve, endpoint: EndpointServer) -> None:
    answers = iter(["400 Bad Request", "429 Too Many Requests", "", "500 Internal Server Error"])
    endpoint.script = lambda call: response(b"no", status) if (status := next(answers)) else b""
    shop = await _shop(serve)
    made = await _hook(shop, endpoint.url, "job.completed", retryConfig=_FAST)
    await _run(shop)
    await endpoint.next()
    await _run(shop)
    calls = await endpoint.take(3)
    assert [call.headers["x-webhook-attempt"] for call in calls] == ["1", "2", "3"]
    path = f"/v1/webhooks/{made['id']}/attempts"

    async def failures() -> Any:
        found = (await shop.ok("GET", f"/api/webhooks/{made['id']}"))["data"]
        return found["failureCount"] == 4

    assert await until(failures)
    attempts = (await shop.ok("GET", path))["attempts"]
    assert [(one.get("status"), one["outcome"]) for one in attempts] == [
        (500, "failed"),
        (None, "again"),
        (429, "again"),
        (400, "failed"),
    ]
    assert attempts[0]["body"] == "no"
    assert attempts[1]["error"]

    async def ended() -> Any:
        found = await shop.ok("GET", f"/v1/deliveries/{attempts[0]['delivery']}")
        return found if found["state"] == "failed" else None

    delivery = await until(ended)
    assert len(delivery["attempts"]) == 3
    endpoint.script = lambda call: response(b"ok")
    again = await shop.ok("POST", f"/v1/deliveries/{delivery['id']}/resend")
    call = await endpoint.next()
    assert call.headers["webhook-id"] == delivery["message"]
    assert again["id"] != delivery["id"]


async def test_m40_retry_after(serve: Serve, endpoint: EndpointServer) -> None:
    answers = iter([response(b"", "503 Service Unavailable", Retry_After="1"), response(b"")])
    endpoint.script = lambda call: next(answers)
    shop = await _shop(serve)
    made = await _hook(shop, endpoint.url, "job.completed", retryConfig=_FAST)
    await _run(shop)
    await endpoint.take(2)
    path = f"/v1/webhooks/{made['id']}/attempts"

    async def both() -> Any:
        found = (await shop.ok("GET", path))["attempts"]
        return found if len(found) == 2 else None

    second, first = await until(both)
    assert second["at"] - first["at"] >= 1000


async def test_m41_switched_off_after_ten_failures(serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "500 Internal Server Error")
    shop = await _shop(serve)
    once = {"maxAttempts": 1, "backoffMultiplier": 1, "initialDelay": 0}
    made = await _hook(shop, endpoint.url, "job.completed", retryConfig=once)
    async with EndpointServer() as watcher:
        await _hook(shop, watcher.url, "webhook.disabled")
        for _ in range(10):
            await _run(shop)
        told = (await watcher.next()).json()
        assert (told["event"], told["data"]["id"]) == ("webhook.disabled", made["id"])
    found = (await shop.ok("GET", f"/api/webhooks/{made['id']}"))["data"]
    assert (found["active"], found["failureCount"]) == (False, 10)
    endpoint.script = lambda call: response(b"")
    await shop.ok("PATCH", f"/api/webhooks/{made['id']}", {"active": True})
    assert (await shop.ok("POST", f"/v1/webhooks/{made['id']}/resend", {"failedOnly": True}))["count"] == 10


async def test_m41_gone_is_gone(serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "410 Gone")
    shop = await _shop(serve)
    made = await _hook(shop, endpoint.url, "job.completed")
    await _run(shop)

    async def inactive() -> bool:
        return not (await shop.ok("GET", f"/api/webhooks/{made['id']}"))["data"]["active"]

    assert await until(inactive)
    assert len(endpoint.seen) == 1


async def test_m40_a_dead_receiver_does_not_hold_up_the_others(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    async with EndpointServer(hold) as dead:
        await _hook(shop, dead.url, "job.created")
        await _hook(shop, endpoint.url, "job.created")
        ids = set(await shop.add("mail", 100))
        assert {call.json()["data"]["jobId"] for call in await endpoint.take(100)} == ids
        assert 1 <= dead.most_at_once <= 8


async def test_m42_test_and_new_secret(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await _hook(shop, endpoint.url, "job.completed")
    path = f"/api/webhooks/{made['id']}"
    told = (await shop.ok("POST", f"{path}/test"))["data"]
    assert (told["success"], "error" in told) == (True, False)
    call = await endpoint.next()
    assert call.headers["x-webhook-event"] == "webhook.test"
    assert set(call.json()["data"]) == {"application", "message", "testId"}
    endpoint.script = lambda call: response(b"", "500 Internal Server Error")
    told = (await shop.ok("POST", f"{path}/test"))["data"]
    assert (told["success"], told["error"]) == (False, "HTTP 500: Internal Server Error")
    renewed = (await shop.ok("POST", f"{path}/regenerate-secret"))["data"]
    assert renewed["secret"] != made["secret"]
    assert (await shop.ok("GET", path))["data"]["secret"] == renewed["secret"]


async def test_m43_all_events(serve: Serve, endpoint: EndpointServer) -> None:
    server = await serve(master_api_key=MASTER, rate_limit_max_requests=0, stalled_interval=200)
    operator = Operator(server)
    shop = await operator.make()
    events = [*(f"job.{status}" for status in _JOB_EVENTS), "queue.paused", "queue.resumed"]
    await _hook(shop, endpoint.url, *events)
    queue = "mail"
    await shop.ok("POST", f"/v1/queues/{queue}/jobs", [{"name": "n", "opts": {"attempts": 2}}])
    await operator.ok("POST", f"/api/queues/{queue}/pause")
    await operator.ok("POST", f"/api/queues/{queue}/resume")
    for more in ({"reason": "once"}, {"reason": "twice"}):
        (lease,) = (await shop.ok("POST", f"/v1/queues/{queue}/leases", {"wait": 30}))["leases"]
        item = {"id": lease["job"]["id"], "token": lease["token"], **more}
        await shop.ok("POST", f"/v1/queues/{queue}/leases/fail", {"items": [item]})
    job = await _run(shop, queue)
    await shop.call("PUT", f"/api/jobs/{job}", {"status": "progress", "progress": 1})
    other = await shop.submit(queue)
    await shop.ok("PUT", f"/api/jobs/{other}", {"status": "progress", "progress": 1})
    await shop.ok("POST", f"/v1/queues/{queue}/jobs", [{"name": "stalls"}])
    await shop.ok("POST", f"/v1/queues/{queue}/leases", {"leaseMs": 1000})
    await shop.ok("POST", f"/v1/queues/{queue}/leases", {"wait": 30})

    def heard() -> bool:
        return {call.json()["event"] for call in endpoint.seen} >= set(events)

    try:
        await until(heard)
    except TimeoutError:
        missing = set(events) - {call.json()["event"] for call in endpoint.seen}
        raise AssertionError(f"never heard: {missing}") from None
