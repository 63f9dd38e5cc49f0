"""Submitting jobs to the queue service."""

import re
from typing import Any

import pytest

from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointCall, EndpointServer, response
from tests.acceptance.service import MASTER, Operator

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
async def api(serve: Serve) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))


async def stored(api: Operator, queue: str, job_id: str) -> Any:
    """The job as BullMQ's programs see it."""
    return await Client(api.port, TOKEN).job(queue, job_id)


async def test_m13_a_job_is_submitted(api: Operator) -> None:
    body = {
        "queue": "email-notifications",
        "data": {"to": "user@example.com", "subject": "Welcome!"},
        "metadata": {"priority": "high", "customerId": "cust-123", "type": "transactional"},
        "webhooks": {"completed": "https://myapp.com/webhooks/job-completed", "*": "https://myapp.com/webhooks/all"},
    }
    reply = await api.call("POST", "/api/jobs", body)
    found = reply.json()
    assert (reply.status, reply.headers["content-type"]) == (201, "application/json")
    assert list(found) == ["success", "jobId", "message"]
    assert UUID4.fullmatch(found["jobId"])
    assert (found["success"], found["message"]) == (True, "Job submitted to email-notifications queue")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"queue": "mail"},
        {"data": {"x": 1}},
        {"queue": "", "data": {"x": 1}},
        {"queue": None, "data": {"x": 1}},
        *({"queue": "mail", "data": data} for data in (None, 0, False, "")),
        [],
        "text",
        b"",
    ],
)
async def test_m13_queue_and_data_are_needed(api: Operator, body: Any) -> None:
    reply = await api.call("POST", "/api/jobs", body)
    assert (reply.status, reply.json()) == (400, {"success": False, "error": "Queue name and data are required"})


@pytest.mark.parametrize(
    "more",
    [
        {"queue": "a:b"},
        {"queue": 5},
        {"queue": "q" * 101},
        {"metadata": "x"},
        {"metadata": [1]},
        {"webhooks": "x"},
        {"webhooks": {"completed": "ftp://example.com"}},
        {"webhooks": {"completed": 5}},
        {"options": {"delay": -1}},
        {"options": {"priority": "x"}},
        {"options": {"attempts": 1.5}},
    ],
)
async def test_m13_what_cannot_be_is_refused_and_leaves_nothing(api: Operator, more: Any) -> None:
    reply = await api.call("POST", "/api/jobs", {"queue": "mail", "data": {"x": 1}, **more})
    assert (reply.status, reply.json()["success"]) == (400, False)
    assert isinstance(reply.json()["error"], str)
    assert (await api.ok("GET", "/api/jobs"))["count"] == 0


async def test_m14_queues_come_with_their_first_job(api: Operator) -> None:
    assert (await api.call("GET", "/api/queues/user-imports/stats")).status == 404
    await api.submit("user-imports")
    await api.submit("ä b")
    stats = (await api.ok("GET", "/api/queues/user-imports/stats"))["data"]
    assert (stats["name"], stats["waiting"]) == ("user-imports", 1)
    names = [queue["name"] for queue in (await api.ok("GET", "/api/queues"))["data"]]
    assert {"user-imports", "ä b"} <= set(names)


async def test_m15_the_data_say_where_they_come_from(api: Operator) -> None:
    shop = await api.make("shop")
    job_id = await shop.submit("mail", data={"to": "ada", "n": [1, 2.5, None]}, metadata={"x": {"deep": True}})
    data = (await stored(api, "mail", job_id))["data"]
    assert MOMENT.fullmatch(data.pop("_submittedAt"))
    assert data == {
        "to": "ada",
        "n": [1, 2.5, None],
        "_applicationId": shop.application,
        "_jobId": job_id,
        "_metadata": {"x": {"deep": True}},
    }


@pytest.mark.parametrize("data", [5, "text", [1, 2], True, {}])
async def test_m15_data_of_any_kind_are_kept(api: Operator, data: Any) -> None:
    job_id = await api.submit("mail", data=data)
    found = (await api.ok("GET", f"/api/jobs/{job_id}"))["job"]["data"]
    assert found["_jobId"] == job_id
    if not isinstance(data, dict):
        assert found["value"] == data


async def test_m16_options_take_effect(api: Operator, endpoint: EndpointServer) -> None:
    options = {"attempts": 2, "backoff": {"type": "fixed", "delay": 10}, "priority": 7}
    job_id = await api.submit("mail", options=options)
    opts = (await stored(api, "mail", job_id))["opts"]
    assert {name: opts[name] for name in options} == options
    called = 0

    def fail(call: EndpointCall) -> bytes:
        nonlocal called
        called += 1
        return response(status="500 No")

    endpoint.script = fail
    await Client(api.port, TOKEN).register("mail", endpoint.url)
    job = await Client(api.port, TOKEN).finished("mail", job_id)
    assert (job["attemptsMade"], called) == (2, 2)


async def test_m16_a_delay_is_waited_for_without_any_other_worker(api: Operator) -> None:
    job_id = await api.submit("mail", options={"delay": 60_000})
    assert (await api.ok("GET", f"/api/jobs/{job_id}"))["job"]["status"] == "delayed"
    assert (await api.ok("GET", "/api/jobs?status=delayed"))["count"] == 1
    assert (await api.call("PUT", f"/api/jobs/{job_id}", {"status": "started"})).status == 409
    await api.ok("PUT", f"/v1/queues/mail/jobs/{job_id}/delay", {"delay": 100})

    async def waiting() -> int:
        return int((await api.ok("GET", "/api/jobs?queue=mail&status=waiting"))["count"])

    assert await until(waiting) == 1
    await api.ok("PUT", f"/api/jobs/{job_id}", {"status": "started"})


async def test_m16_jobs_that_say_nothing_get_what_the_settings_say(serve: Serve) -> None:
    settings = {"default_job_attempts": 4, "default_job_backoff_delay": 50, "remove_completed_jobs_after": 60}
    api = Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0, **settings))
    opts = (await stored(api, "mail", await api.submit("mail")))["opts"]
    assert (opts["attempts"], opts["backoff"]) == (4, {"type": "exponential", "delay": 50})
    assert opts["removeOnComplete"] == {"age": 60, "count": 100}
    opts = (await stored(api, "webhook", await api.submit("webhook")))["opts"]
    assert (opts["attempts"], opts["backoff"]) == (5, {"type": "exponential", "delay": 5000})


async def test_m31_ended_jobs_stay_for_a_while(api: Operator) -> None:
    opts = (await stored(api, "mail", await api.submit("mail")))["opts"]
    assert opts["removeOnComplete"] == {"age": 3600, "count": 100}
    assert opts["removeOnFail"] == {"age": 86_400, "count": 500}


@pytest.mark.parametrize("end", ["completed", "failed"])
async def test_m31_only_so_many_ended_jobs_stay(api: Operator, end: str) -> None:
    keep = {"removeOnComplete": {"count": 2}, "removeOnFail": {"count": 2}}
    ids = [await api.submit("mail", options=keep, metadata={"x": 1}) for _ in range(4)]
    for job_id in ids:
        await api.ok("PUT", f"/api/jobs/{job_id}", {"status": end})
    assert [(await api.call("GET", f"/api/jobs/{job_id}")).status for job_id in ids] == [404, 404, 200, 200]
    assert [job["id"] for job in (await api.ok("GET", "/api/jobs?metadata.x=1"))["jobs"]] == ids[:1:-1]
