"""What workers outside report of their jobs."""

import asyncio
from typing import Any

import pytest

from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client, Reply
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator


@pytest.fixture
async def api(serve: Serve) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))


async def put(api: Operator, job_id: str, status: str, **more: Any) -> Reply:
    return await api.call("PUT", f"/api/jobs/{job_id}", {"status": status, **more})


async def job(api: Operator, job_id: str) -> Any:
    return (await api.ok("GET", f"/api/jobs/{job_id}"))["job"]


async def test_m17_started_makes_it_active(api: Operator) -> None:
    job_id = await api.submit("mail")
    reply = await put(api, job_id, "started")
    assert (reply.status, reply.json()) == (200, {"success": True, "message": f"Job {job_id} updated"})
    found = await job(api, job_id)
    assert found["status"] == "active"
    assert found["timestamps"]["started"] >= found["timestamps"]["submitted"]
    assert await Client(api.port, TOKEN).counts("mail", "waiting,active") == {"waiting": 0, "active": 1, "paused": 0}


async def test_m17_one_of_many_workers_gets_it(api: Operator) -> None:
    job_id = await api.submit("mail")
    replies = await asyncio.gather(*(put(api, job_id, "started") for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200, *[409] * 7]
    assert [note["status"] for note in (await job(api, job_id))["updates"]] == ["started"]
    assert all(isinstance(reply.json()["error"], str) for reply in replies if reply.status == 409)


async def test_m17_a_job_of_another_kind_of_worker_is_not_taken(api: Operator) -> None:
    job_id = await api.submit("mail")
    (lease,) = (await api.ok("POST", "/v1/queues/mail/leases", {"count": 1}))["leases"]
    assert (await put(api, job_id, "started")).status == 409
    assert (await put(api, job_id, "completed", result=1)).status == 409
    done = {"items": [{"id": job_id, "token": lease["token"], "result": "theirs"}]}
    await api.ok("POST", "/v1/queues/mail/leases/complete", done)
    assert (await job(api, job_id))["result"] == "theirs"


async def test_m17_a_paused_queue_starts_nothing(api: Operator) -> None:
    job_id = await api.submit("mail")
    await api.ok("POST", "/api/queues/mail/pause")
    assert (await put(api, job_id, "started")).status == 409
    await api.ok("POST", "/api/queues/mail/resume")
    assert (await put(api, job_id, "started")).status == 200


async def test_m17_a_worker_that_says_nothing_more_loses_the_job(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER, rate_limit_max_requests=0, outside_lock=1000, stalled_interval=100)
    api = Operator(server)
    job_id = await api.submit("mail")
    await put(api, job_id, "started")

    async def is_waiting() -> bool:
        return bool((await api.ok("GET", "/api/jobs?queue=mail&status=waiting"))["count"])

    await until(is_waiting)
    assert (await put(api, job_id, "started")).status == 200


@pytest.mark.parametrize("progress", [50, 0, {"step": "two", "of": 3}, "half"])
async def test_m18_progress_of_any_kind(api: Operator, progress: Any) -> None:
    job_id = await api.submit("mail")
    await put(api, job_id, "started")
    assert (await put(api, job_id, "progress", progress=progress)).status == 200
    found = await job(api, job_id)
    assert (found["status"], found["progress"]) == ("active", progress)


async def test_m18_progress_starts_a_job_that_waits(api: Operator) -> None:
    job_id = await api.submit("mail")
    assert (await put(api, job_id, "progress", progress=10)).status == 200
    assert (await job(api, job_id))["status"] == "active"
    assert (await put(api, job_id, "progress")).status == 200


@pytest.mark.parametrize("begun", [True, False])
async def test_m19_completed_with_a_result(api: Operator, begun: bool) -> None:
    job_id = await api.submit("mail")
    if begun:
        await put(api, job_id, "started")
    assert (await put(api, job_id, "completed", result={"sent": [1, None]}, progress=100)).status == 200
    found = await job(api, job_id)
    assert (found["status"], found["result"], found["progress"]) == ("completed", {"sent": [1, None]}, 100)
    assert found["timestamps"].keys() == {"submitted", "started", "completed"}
    assert "error" not in found


@pytest.mark.parametrize("begun", [True, False])
async def test_m19_failed_for_good(api: Operator, begun: bool) -> None:
    job_id = await api.submit("mail", options={"attempts": 5})
    if begun:
        await put(api, job_id, "started")
    assert (await put(api, job_id, "failed", error="No route")).status == 200
    found = await job(api, job_id)
    assert (found["status"], found["result"], found["error"]) == ("failed", None, "No route")
    assert found["timestamps"].keys() == {"submitted", "started", "failed"}


async def test_m19_defaults(api: Operator) -> None:
    first, second, third = [await api.submit("mail") for _ in range(3)]
    await put(api, first, "completed")
    await put(api, second, "failed")
    await put(api, third, "failed", error={"code": 5})
    assert (await job(api, first))["result"] is None
    assert (await job(api, second))["error"] == "Job failed"
    assert (await job(api, third))["error"] == '{"code":5}'


@pytest.mark.parametrize(("end", "other"), [("completed", "failed"), ("failed", "completed")])
async def test_m19_an_end_is_an_end(api: Operator, end: str, other: str) -> None:
    job_id = await api.submit("mail")
    await put(api, job_id, end, result=1, error="first")
    assert (await put(api, job_id, end, result=2, error="second")).status == 200
    for status in (other, "started", "progress"):
        assert (await put(api, job_id, status)).status == 409
    found = await job(api, job_id)
    assert (found["status"], [note["status"] for note in found["updates"]]) == (end, [end])
    assert found["result" if end == "completed" else "error"] == (1 if end == "completed" else "first")


async def test_m19_many_that_end_it_at_once_agree(api: Operator) -> None:
    job_id = await api.submit("mail")
    ends = ["completed", "failed"] * 4
    replies = await asyncio.gather(*(put(api, job_id, end) for end in ends))
    found = await job(api, job_id)
    for end, reply in zip(ends, replies, strict=True):
        assert reply.status in ((200, 409) if end == found["status"] else (409,)), (end, reply)
    assert 200 in [reply.status for reply in replies]


async def test_m20_errors(api: Operator) -> None:
    job_id = await api.submit("mail")
    bodies: list[Any] = [{}, {"status": ""}, {"status": None}, {"progress": 5}, []]
    for body in bodies:
        reply = await api.call("PUT", f"/api/jobs/{job_id}", body)
        assert (reply.status, reply.json()) == (400, {"success": False, "error": "Status is required"})
    for status in ("started", "progress", "completed", "failed", "anything"):
        reply = await put(api, "11111111-1111-4111-8111-111111111111", status)
        assert (reply.status, reply.json()) == (404, {"success": False, "error": "Job not found"})
    shop = await api.make("shop")
    for status in ("started", "progress", "completed", "failed", "anything"):
        reply = await shop.call("PUT", f"/api/jobs/{job_id}", {"status": status})
        assert (reply.status, reply.json()) == (403, {"success": False, "error": "Access denied"})
    assert (await job(api, job_id))["status"] == "waiting"


async def test_m20_statuses_of_ones_own_are_kept(api: Operator) -> None:
    job_id = await api.submit("mail")
    assert (await put(api, job_id, "queued for review", progress=1, error="none")).status == 200
    await put(api, job_id, "completed")
    assert (await put(api, job_id, "archived")).status == 200
    found = await job(api, job_id)
    assert found["status"] == "completed"
    assert [note["status"] for note in found["updates"]] == ["queued for review", "completed", "archived"]


async def test_m20_our_own_refusal_is_no_failure_of_the_job(api: Operator) -> None:
    job_id = await api.submit("mail")
    await put(api, job_id, "started")
    assert (await put(api, job_id, "started")).status == 409
    assert (await put(api, job_id, "failed", error="Request failed with status code 409")).status == 200
    assert (await job(api, job_id))["status"] == "active"
    assert (await put(api, job_id, "completed", result=1)).status == 200


async def test_m21_metadata_are_merged(api: Operator) -> None:
    job_id = await api.submit("mail", metadata={"kept": 1, "changed": "old"})
    await put(api, job_id, "progress", progress=1, metadata={"changed": "new", "added": True})
    assert (await job(api, job_id))["metadata"] == {"kept": 1, "changed": "new", "added": True}
    for query, count in (("changed=new", 1), ("changed=old", 0), ("kept=1", 1), ("added=true", 1)):
        assert (await api.ok("GET", f"/api/jobs?metadata.{query}"))["count"] == count
    assert (await put(api, job_id, "progress", metadata="x")).status == 400
