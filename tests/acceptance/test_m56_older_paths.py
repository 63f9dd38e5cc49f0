"""Older paths of the queue service, which its own documents still name."""

import pytest

from corral.testing.server import TOKEN
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator


@pytest.fixture
async def api(serve: Serve) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))


@pytest.mark.parametrize(("post", "one"), [("/api/jobs/mail", "/api/jobs/mail"), *[("/api/queues/mail/jobs",) * 2]])
async def test_m56_submit_read_and_remove(api: Operator, post: str, one: str) -> None:
    reply = await api.call("POST", post, {"name": "send", "data": {"to": "ada"}, "options": {"priority": 2}})
    made = reply.json()["data"]
    assert (reply.status, made["queue"], made["status"]) == (201, "mail", "waiting")
    job = (await api.ok("GET", f"{one}/{made['jobId']}"))["data"]
    assert (job["id"], job["queue"], job["status"], job["data"]["to"]) == (made["jobId"], "mail", "waiting", "ada")
    stored = await Client(api.port, TOKEN).job("mail", made["jobId"])
    assert (stored["name"], stored["opts"]["priority"]) == ("send", 2)
    assert (await api.ok("GET", f"/api/jobs/{made['jobId']}"))["job"]["id"] == made["jobId"]
    assert (await api.ok("DELETE", f"{one}/{made['jobId']}"))["success"]
    gone = await api.call("GET", f"{one}/{made['jobId']}")
    assert (gone.status, gone.json()["error"]["code"]) == (404, "JOB_NOT_FOUND")
    assert (await api.call("DELETE", f"{one}/{made['jobId']}")).status == 404


async def test_m56_a_job_that_came_otherwise(api: Operator) -> None:
    (added,) = await Client(api.port, TOKEN).add("mail", {"name": "n", "data": {"x": 1}})
    job = (await api.ok("GET", f"/api/jobs/mail/{added['id']}"))["data"]
    assert (job["id"], job["data"], job["metadata"]) == (added["id"], {"x": 1}, {})


async def test_m56_jobs_of_a_queue(api: Operator) -> None:
    first, second = await api.submit("mail"), await api.submit("mail")
    await api.submit("images")
    found = await api.ok("GET", "/api/queues/mail/jobs?status=waiting")
    assert ([job["id"] for job in found["data"]], found["count"]) == ([second, first], 2)


async def test_m56_jobs_of_somebody_else_are_not_there(api: Operator) -> None:
    shop, bank = await api.make("shop"), await api.make("bank")
    job_id = await shop.submit("mail")
    assert (await shop.ok("GET", f"/api/jobs/mail/{job_id}"))["data"]["id"] == job_id
    for method in ("GET", "DELETE"):
        assert (await bank.call(method, f"/api/jobs/mail/{job_id}")).status == 404
    assert (await shop.ok("GET", f"/api/jobs/{job_id}"))["job"]["status"] == "waiting"


async def test_m56_what_is_missing(api: Operator) -> None:
    reply = await api.call("POST", "/api/jobs/mail", {"name": "send"})
    assert (reply.status, reply.json()["error"]["message"]) == (400, "Queue name and data are required")
