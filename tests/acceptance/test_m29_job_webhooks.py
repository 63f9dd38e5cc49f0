"""URLs of a single job are called when its status changes, whoever changes it."""

from typing import Any

import pytest

from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointCall, EndpointServer, response
from tests.acceptance.service import MASTER, Operator, Program


async def _shop(serve: Serve, **settings: Any) -> Program:
    return await Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0, **settings)).make()


async def test_m29_body_and_headers(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    job = await shop.submit("mail", webhooks={"*": endpoint.url, "completed": f"{endpoint.url}/done"})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "started"})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "progress", "progress": 50})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "completed", "result": {"sent": 1}})
    calls = await endpoint.take(3)
    assert [call.target for call in calls] == ["/job", "/job", "/job/done"]
    bodies = [call.json() for call in calls]
    assert [body.pop("timestamp")[-1] for body in bodies] == ["Z"] * 3
    assert bodies == [
        {"jobId": job, "status": "started"},
        {"jobId": job, "status": "progress", "progress": 50},
        {"jobId": job, "status": "completed", "result": {"sent": 1}},
    ]
    for call, status in zip(calls, ("started", "progress", "completed"), strict=True):
        assert call.method == "POST"
        assert call.headers["content-type"] == "application/json"
        assert (call.headers["x-job-id"], call.headers["x-job-status"]) == (job, status)


async def test_m29_failed_and_words_of_a_workers_own(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    job = await shop.submit("mail", webhooks={"*": endpoint.url})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "rendering", "progress": {"page": 2}})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "failed", "error": "no such address"})
    calls = await endpoint.take(3)
    assert [call.json()["status"] for call in calls] == ["rendering", "started", "failed"]
    assert calls[0].json()["progress"] == {"page": 2}
    assert calls[2].json()["error"] == "no such address"


async def test_m28_urls_that_come_later(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    job = await shop.submit("mail")
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "started"})
    await shop.ok("POST", f"/api/jobs/{job}/webhook", {"webhooks": {"completed": endpoint.url}})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "completed"})
    call = await endpoint.next()
    assert (call.json()["status"], call.json()["result"]) == ("completed", None)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/x",
        "http://[::ffff:10.0.0.1]/",
        "http://0xa9fea9fe/",
        "http://0300.0250.1/",
        "http://3232235777/",
    ],
)
async def test_m29_addresses_inside_are_refused(serve: Serve, url: str) -> None:
    shop = await _shop(serve)
    refused = await shop.call("POST", "/api/jobs", {"queue": "mail", "data": {"n": 1}, "webhooks": {"*": url}})
    assert refused.status == 400
    assert "may not be called" in refused.json()["error"]
    job = await shop.submit("mail")
    refused = await shop.call("POST", f"/api/jobs/{job}/webhook", {"webhooks": {"failed": url}})
    assert refused.status == 400


async def test_m29_loopback_is_refused_where_it_is_not_allowed(serve: Serve, endpoint: EndpointServer) -> None:
    from corral.policy.targets import Allowed

    shop = await _shop(serve, given_targets=Allowed())
    refused = await shop.call(
        "POST",
        "/api/jobs",
        {"queue": "mail", "data": {"n": 1}, "webhooks": {"*": f"http://localhost:{endpoint.port}/"}},
    )
    assert refused.status == 400


async def test_m30_a_receiver_that_fails_does_not_hurt_the_job(serve: Serve, endpoint: EndpointServer) -> None:
    answers = iter(["500 Internal Server Error", "200 OK"])
    endpoint.script = lambda call: response(b"", next(answers))
    shop = await _shop(serve)
    job = await shop.submit("mail", webhooks={"completed": endpoint.url})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "completed", "result": 1})
    assert (await shop.ok("GET", f"/api/jobs/{job}"))["job"]["status"] == "completed"
    first, second = await endpoint.take(2)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_m29_a_job_that_a_registered_endpoint_works(serve: Serve, endpoint: EndpointServer) -> None:
    def script(call: EndpointCall) -> bytes:
        return response({"done": True})

    endpoint.script = script
    operator = Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))
    shop = await operator.make()
    job = await shop.submit("mail", webhooks={"*": f"http://127.0.0.1:{endpoint.port}/hook"})
    worker = {"queue": "mail", "endpoint": {"url": endpoint.url, "method": "POST"}}
    assert (await operator.call("POST", "/workers", worker)).text == "OK"

    def heard() -> list[str]:
        return [call.json()["status"] for call in endpoint.seen if call.target == "/hook"]

    await until(lambda: heard() == ["started", "completed"])
    assert job
