"""Subscriptions: an application hears of changes of those of its jobs that a filter lets through."""

import base64
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, response
from tests.acceptance.service import MASTER, Operator, Program


async def _operator(serve: Serve) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))


async def _subscribe(program: Program, url: str, *events: str, **more: Any) -> Any:
    body = {"name": "mine", "endpoint": url, "events": list(events), **more}
    return (await program.ok("POST", "/api/subscriptions", body))["subscription"]


async def _run(program: Program, queue: str = "mail", **job: Any) -> str:
    job_id = await program.submit(queue, **job)
    await program.ok("PUT", f"/api/jobs/{job_id}", {"status": "completed", "result": {"ok": 1}})
    return job_id


async def test_m32_create(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await (await _operator(serve)).make()
    reply = await shop.call(
        "POST", "/api/subscriptions", {"name": "mine", "endpoint": endpoint.url, "events": ["completed"]}
    )
    made = reply.json()["subscription"]
    assert (reply.status, reply.json()["success"]) == (201, True)
    assert made == {
        "id": made["id"],
        "name": "mine",
        "endpoint": endpoint.url,
        "filters": {"queues": [], "statuses": [], "metadata": {}},
        "events": ["completed"],
        "active": True,
    }


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, ["Name is required", "Endpoint URL is required", "At least one event type must be specified"]),
        ({"name": "a", "endpoint": "mailto:x", "events": ["completed"]}, ["Invalid endpoint URL"]),
        ({"name": "a", "endpoint": "http://u:p@h/", "events": ["completed"]}, ["Invalid endpoint URL"]),
        ({"name": "a", "endpoint": "http://h/", "events": []}, ["At least one event type must be specified"]),
        ({"name": "a", "endpoint": "http://h/", "events": ["eaten"]}, ["Unknown event type: eaten"]),
        ({"name": "a", "endpoint": "http://[fc00::1]/", "events": ["failed"]}, None),
        ({"name": "a", "endpoint": "http://h/", "events": ["failed"], "method": "GET"}, None),
        ({"name": "a", "endpoint": "http://h/", "events": ["failed"], "headers": {"Host": "b"}}, None),
        ({"name": "a", "endpoint": "http://h/", "events": ["failed"], "headers": {"a": "b\r\nc: d"}}, None),
    ],
)
async def test_m32_refusals(serve: Serve, body: Any, errors: list[str] | None) -> None:
    shop = await (await _operator(serve)).make()
    reply = await shop.call("POST", "/api/subscriptions", body)
    assert (reply.status, reply.json()["success"]) == (400, False)
    assert reply.json()["errors"] == errors or (errors is None and len(reply.json()["errors"]) == 1)


async def test_m33_list_get_change_delete(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop, other = await operator.make("shop"), await operator.make("other")
    first = await _subscribe(shop, endpoint.url, "completed", filters={"queues": ["mail"]})
    second = await _subscribe(shop, endpoint.url, "failed", active=False, description="d")
    listed = await shop.ok("GET", "/api/subscriptions")
    assert (listed["count"], {one["id"] for one in listed["subscriptions"]}) == (2, {first["id"], second["id"]})
    assert (await shop.ok("GET", "/api/subscriptions?active=true"))["count"] == 1
    assert [one["id"] for one in (await shop.ok("GET", "/api/subscriptions?queue=mail"))["subscriptions"]] == [
        first["id"]
    ]
    assert (await other.ok("GET", "/api/subscriptions"))["count"] == 0
    path = f"/api/subscriptions/{first['id']}"
    whole = (await shop.ok("GET", path))["subscription"]
    assert whole["retryConfig"] == {"maxAttempts": 3, "backoffMs": 1000}
    assert (whole["method"], whole["headers"], whole["triggerCount"], whole["lastTriggeredAt"]) == ("POST", {}, 0, None)
    for method in ("GET", "PUT", "DELETE"):
        reply = await other.call(method, path, {"name": "stolen"})
        assert (reply.status, reply.json()) == (404, {"success": False, "error": "Subscription not found"})
    changed = await shop.ok("PUT", path, {"name": "renamed", "applicationId": other.application, "triggerCount": 9})
    assert changed["subscription"]["name"] == "renamed"
    assert changed["subscription"]["applicationId"] == shop.application
    assert changed["subscription"]["triggerCount"] == 0
    gone = await shop.ok("DELETE", path)
    assert gone == {"success": True, "message": "Subscription deleted successfully"}
    assert (await shop.call("GET", path)).status == 404


async def test_m34_test_event(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await (await _operator(serve)).make()
    made = await _subscribe(shop, endpoint.url, "failed", filters={"queues": ["no-such"]})
    sent = await shop.ok("POST", f"/api/subscriptions/{made['id']}/test")
    assert (sent["success"], sent["message"]) == (True, "Test event sent")
    assert sent["testEvent"]["jobId"].startswith("test-job-")
    assert (sent["testEvent"]["queue"], sent["testEvent"]["status"]) == ("test-queue", "failed")
    call = await endpoint.next()
    assert call.json()["job"]["id"] == sent["testEvent"]["jobId"]
    assert call.json()["job"]["metadata"] == {"testEvent": True}


async def test_m35_matching(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop, other = await operator.make("shop"), await operator.make("other")
    filters = {"queues": ["mail"], "statuses": ["completed"], "metadata": {"priority": "high", "tries": 3}}
    await _subscribe(shop, endpoint.url, "created", "completed", filters=filters)
    fits = {"priority": "high", "tries": 3, "more": True}
    await _run(shop, "mail", metadata={"priority": "low", "tries": 3})
    await _run(shop, "other-mail", metadata=fits)
    await _run(other, "mail", metadata=fits)
    job = await _run(shop, "mail", metadata=fits)
    again = await _run(shop, "mail", metadata={"priority": "high", "tries": "3"})
    calls = await endpoint.take(2)
    assert {call.json()["job"]["id"] for call in calls} == {job, again}
    assert [call.json()["job"]["status"] for call in calls] == ["completed", "completed"]
    assert endpoint.calls.empty()


async def test_m36_body_headers_and_method(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await (await _operator(serve)).make()
    made = await _subscribe(shop, endpoint.url, "completed", method="PUT", headers={"Authorization": "Bearer x"})
    job = await _run(shop, metadata={"a": 1})
    call = await endpoint.next()
    assert call.method == "PUT"
    assert call.headers["authorization"] == "Bearer x"
    assert call.headers["x-subscription-id"] == made["id"]
    assert (call.headers["x-job-id"], call.headers["x-job-status"]) == (job, "completed")
    assert call.headers["x-application-id"] == shop.application
    body = call.json()
    assert body["subscription"] == {"id": made["id"], "name": "mine"}
    assert list(body["event"]) == ["type", "timestamp"]
    assert body["event"]["type"] == "completed"
    data = body["job"].pop("data")
    assert (data["n"], data["_jobId"]) == (1, job)
    assert body["job"] == {
        "id": job,
        "queue": "mail",
        "status": "completed",
        "metadata": {"a": 1},
        "result": {"ok": 1},
    }
    secret = (await shop.ok("GET", "/v1/signing-secret"))["secret"]
    assert base64.b64decode(secret.removeprefix("whsec_"))
    Verifier(secret).verify(call.body, call.headers)


async def test_m37_tries_again_and_counts(serve: Serve, endpoint: EndpointServer) -> None:
    answers = iter(["404 Not Found", "503 Service Unavailable", "500 Internal Server Error", "200 OK", "200 OK"])
    endpoint.script = lambda call: response(b"", next(answers))
    shop = await (await _operator(serve)).make()
    made = await _subscribe(shop, endpoint.url, "completed", retryConfig={"maxAttempts": 5, "backoffMs": 10})
    refused = await _run(shop)
    await endpoint.next()
    await _run(shop)
    await endpoint.take(3)

    async def told() -> Any:
        found = (await shop.ok("GET", f"/api/subscriptions/{made['id']}"))["subscription"]
        return found["triggerCount"] == 1 and found["lastTriggeredAt"]

    assert await until(told)
    assert endpoint.calls.empty()
    attempts = (await shop.ok("GET", f"/v1/subscriptions/{made['id']}/attempts"))["attempts"]
    assert [(one.get("status"), one["outcome"]) for one in attempts] == [
        (200, "delivered"),
        (500, "again"),
        (503, "again"),
        (404, "failed"),
    ]
    assert attempts[-1]["jobId"] == refused
    assert (await shop.ok("POST", f"/v1/subscriptions/{made['id']}/resend", {})) == {"count": 1}
    call = await endpoint.next()
    assert call.headers["x-job-id"] == refused


async def test_m57_all_of_it_survives_a_restart(serve: Serve, endpoint: EndpointServer) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make()
    made = await _subscribe(shop, endpoint.url, "completed")
    job = await shop.submit("mail")
    await server.process.stop(0.1)
    again = Program((await serve(master_api_key=MASTER)).port, shop.key, shop.application)
    assert (await again.ok("GET", "/api/subscriptions"))["subscriptions"][0]["id"] == made["id"]
    await again.ok("PUT", f"/api/jobs/{job}", {"status": "completed"})
    assert (await endpoint.next()).json()["job"]["id"] == job
