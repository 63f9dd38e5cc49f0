"""Reading and listing jobs of the queue service, and registering webhooks for them."""

import re
from typing import Any

import pytest

from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program
from tests.worker.kit import now_ms

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UNKNOWN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
async def api(serve: Serve) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))


async def put(program: Program, job_id: str, status: str, **more: Any) -> None:
    await program.ok("PUT", f"/api/jobs/{job_id}", {"status": status, **more})


async def ids(program: Program, query: str) -> list[str]:
    found = await program.ok("GET", f"/api/jobs?{query}")
    assert (found["success"], found["count"]) == (True, len(found["jobs"]))
    return [job["id"] for job in found["jobs"]]


async def test_m22_a_job_with_all_that_was_said_of_it(api: Operator) -> None:
    webhooks = {"completed": "https://example.com/done"}
    job_id = await api.submit("mail", metadata={"x": 1}, webhooks=webhooks)
    await put(api, job_id, "started")
    await put(api, job_id, "progress", progress=50)
    await put(api, job_id, "completed", result={"ok": True})
    job = (await api.ok("GET", f"/api/jobs/{job_id}"))["job"]
    assert (job["id"], job["queue"], job["status"]) == (job_id, "mail", "completed")
    assert (job["data"]["n"], job["metadata"], job["webhooks"]) == (1, {"x": 1}, webhooks)
    assert (job["result"], job["progress"]) == ({"ok": True}, 50)
    updates = [{name: value for name, value in one.items() if name != "timestamp"} for one in job["updates"]]
    assert updates == [
        {"jobId": job_id, "status": "started"},
        {"jobId": job_id, "status": "progress", "progress": 50},
        {"jobId": job_id, "status": "completed", "result": {"ok": True}},
    ]
    assert all(MOMENT.fullmatch(one["timestamp"]) for one in job["updates"])
    times = job["timestamps"]
    assert list(times) == ["submitted", "started", "completed"]
    assert times["submitted"] <= times["started"] <= times["completed"]
    assert all(map(MOMENT.fullmatch, times.values()))


async def test_m22_a_job_that_was_not_begun(api: Operator) -> None:
    job = (await api.ok("GET", f"/api/jobs/{await api.submit('mail', options={'priority': 3})}"))["job"]
    assert (job["status"], job["result"], job["progress"], job["updates"]) == ("waiting", None, 0, [])
    assert list(job["timestamps"]) == ["submitted"]
    assert not {"error", "webhooks"} & job.keys()


async def test_m22_jobs_are_found_after_a_restart(serve: Serve) -> None:
    settings = {"master_api_key": MASTER, "rate_limit_max_requests": 0}
    before = Operator(await serve(**settings))
    job_id = await before.submit("mail")
    await put(before, job_id, "progress", progress=5)
    after = Operator(await serve(**settings))
    job = (await after.ok("GET", f"/api/jobs/{job_id}"))["job"]
    assert (job["status"], job["progress"], len(job["updates"])) == ("active", 5, 1)
    await put(after, job_id, "completed")


async def test_m23_not_there_or_not_yours(api: Operator) -> None:
    shop, bank = await api.make("shop"), await api.make("bank")
    job_id = await shop.submit("mail")
    for program in (shop, bank, api):
        for method, path, body in (("GET", "", b""), ("POST", "/webhook", {"webhooks": {}})):
            reply = await program.call(method, f"/api/jobs/{UNKNOWN}{path}", body)
            assert (reply.status, reply.json()) == (404, {"success": False, "error": "Job not found"})
    for method, path, body in (("GET", "", b""), ("POST", "/webhook", {"webhooks": {}})):
        reply = await bank.call(method, f"/api/jobs/{job_id}{path}", body)
        assert (reply.status, reply.json()) == (403, {"success": False, "error": "Access denied"})
    assert (await api.ok("GET", f"/api/jobs/{job_id}"))["job"]["id"] == job_id


async def test_m24_by_queue_and_status(api: Operator) -> None:
    waiting, active, completed, failed = [await api.submit("mail") for _ in range(4)]
    urgent = await api.submit("mail", options={"priority": 1})
    delayed = await api.submit("mail", options={"delay": 60_000})
    moment = now_ms()
    await until(lambda: now_ms() > moment)  # what two queues get in one millisecond has no order
    other = await api.submit("images")
    await put(api, active, "started")
    await put(api, completed, "completed")
    await put(api, failed, "failed")
    everything = [other, delayed, urgent, failed, completed, active, waiting]
    assert await ids(api, "") == everything
    assert await ids(api, "status=all") == everything
    assert await ids(api, "queue=images") == [other]
    assert await ids(api, "queue=mail&status=all") == everything[1:]
    assert await ids(api, "status=waiting") == [other, urgent, waiting]
    assert await ids(api, "queue=mail&status=waiting") == [urgent, waiting]
    assert await ids(api, "queue=mail&status=active") == [active]
    assert await ids(api, "status=completed") == [completed]
    assert await ids(api, "status=failed") == [failed]
    assert await ids(api, "status=delayed") == [delayed]
    assert await ids(api, "status=unheard-of") == []
    assert await ids(api, "queue=mai") == []
    assert await ids(api, "unheard=of") == everything


async def test_m24_what_a_list_shows(api: Operator) -> None:
    job_id = await api.submit("mail", metadata={"x": 1})
    (job,) = (await api.ok("GET", "/api/jobs"))["jobs"]
    assert list(job) == ["id", "queue", "status", "submittedAt", "data", "metadata"]
    assert (job["id"], job["queue"], job["status"], job["metadata"]) == (job_id, "mail", "waiting", {"x": 1})
    assert MOMENT.fullmatch(job["submittedAt"])
    assert (job["data"]["n"], job["data"]["_metadata"]) == (1, {"x": 1})


async def test_m25_by_metadata(api: Operator) -> None:
    first = await api.submit("mail", metadata={"type": "email", "retryCount": 3, "vip": True, "a.b": "c"})
    second = await api.submit("mail", metadata={"type": "email", "retryCount": "3", "vip": False})
    third = await api.submit("mail", metadata={"type": "sms", "retryCount": 3.0, "note": "ä ☃&="})
    assert await ids(api, "metadata.type=email") == [second, first]
    assert await ids(api, "metadata.retryCount=3") == [third, second, first]
    assert await ids(api, "metadata.vip=true") == [first]
    assert await ids(api, "metadata.vip=false&metadata.type=email") == [second]
    assert await ids(api, "metadata.type=email&metadata.retryCount=3&metadata.vip=true&queue=mail") == [first]
    assert await ids(api, "metadata.type=email&metadata.retryCount=4") == []
    assert await ids(api, "metadata.a.b=c") == [first]
    assert await ids(api, "metadata.note=%C3%A4+%E2%98%83%26%3D") == [third]
    assert await ids(api, "metadata.unheard=of") == []


async def test_m25_filters_come_before_the_limit(api: Operator) -> None:
    rare = await api.submit("mail", metadata={"rare": "yes"})
    for _ in range(12):
        await api.submit("mail", metadata={"rare": "no"})
    assert await ids(api, "metadata.rare=yes&limit=1") == [rare]


@pytest.mark.parametrize(
    ("query", "count"),
    [("limit=1", 1), ("limit=3", 3), ("limit=7", 7), ("limit=100", 105 - 5), ("limit=1000", 105)],
)
async def test_m26_as_many_as_asked_for(api: Operator, query: str, count: int) -> None:
    client = Client(api.port, TOKEN)
    jobs = [{"name": "n", "metadata": {"n": n}} for n in range(105)]
    assert (await client.call("POST", "/v1/queues/mail/jobs", jobs)).status == 201
    assert len(await ids(api, query)) == count


@pytest.mark.parametrize("limit", ["", "abc", "0", "-5", "1e1000"])
async def test_m26_a_hundred_unless_a_number_is_given(api: Operator, limit: str) -> None:
    client = Client(api.port, TOKEN)
    jobs = [{"name": "n", "metadata": {"n": n}} for n in range(105)]
    assert (await client.call("POST", "/v1/queues/mail/jobs", jobs)).status == 201
    assert len(await ids(api, f"limit={limit}")) == (1 if limit == "1e1000" else 100)


async def test_m27_everybody_sees_their_own_and_the_master_all(api: Operator) -> None:
    shop, bank = await api.make("shop"), await api.make("bank")
    first, second = await shop.submit("mail"), await bank.submit("mail")
    assert await ids(shop, "") == [first]
    assert await ids(bank, "queue=mail&status=waiting") == [second]
    assert await ids(api, "") == [second, first]


async def test_m28_webhooks_are_added(api: Operator) -> None:
    job_id = await api.submit(
        "mail", webhooks={"failed": "https://example.com/f", "completed": "https://example.com/old"}
    )
    given = {"completed": "https://example.com/new", "*": "http://example.com:8080/all"}
    found = await api.ok("POST", f"/api/jobs/{job_id}/webhook", {"webhooks": given})
    assert found == {"success": True, "message": f"Webhooks registered for job {job_id}", "webhooks": given}
    job = (await api.ok("GET", f"/api/jobs/{job_id}"))["job"]
    assert job["webhooks"] == {"failed": "https://example.com/f", **given}


@pytest.mark.parametrize("body", [{}, {"webhooks": None}, {"webhooks": "x"}, {"webhooks": []}, []])
async def test_m28_an_object_of_webhooks_is_needed(api: Operator, body: Any) -> None:
    job_id = await api.submit("mail")
    reply = await api.call("POST", f"/api/jobs/{job_id}/webhook", body)
    example = '{ "completed": "https://...", "failed": "https://..." }'
    assert (reply.status, reply.json()["error"]) == (400, f"Webhooks object is required (e.g., {example})")
