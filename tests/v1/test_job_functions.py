"""The same operations on the queue socket, under BullMQ's names and with its arguments."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from corral.testing.server import RunningServer
from tests.acceptance.client import Client
from tests.acceptance.sockets import ProxySocket, opened
from tests.v1.jobs import completed, failed, held, state


@pytest.fixture
async def mail(server: RunningServer) -> AsyncIterator[ProxySocket]:
    async with opened(server, "/ws/queues/mail") as socket:
        yield socket


async def refusal(socket: ProxySocket, fn: str, *args: Any) -> str:
    text: str = (await socket.call(fn, *args))["err"]["message"]
    return text


async def test_adding(mail: ProxySocket) -> None:
    jobs = await mail.ok("addBulk", [{"name": "a", "data": {"x": 1}}, {"name": "b", "opts": {"delay": 60_000}}])
    assert [(job["id"], job["name"]) for job in jobs] == [("1", "a"), ("2", "b")]
    assert (await mail.ok("addBulk", {"name": "c"}, 0))["id"] == "3"
    assert await refusal(mail, "addBulk", [{"name": "a", "opts": {"jobId": "5"}}]) == "Custom Id cannot be integers"
    assert (await mail.ok("duplicate", "1", {"opts": {"priority": 1}}))["priority"] == 1
    assert (await mail.ok("duplicate", "1"))["data"] == {"x": 1}


async def test_reading(mail: ProxySocket) -> None:
    await mail.ok("addBulk", [{"name": "a"}, {"name": "b", "opts": {"delay": 60_000}}])
    assert (await mail.ok("getJob", "1"))["name"] == "a"
    assert await mail.ok("getJobState", "2") == await mail.ok("getState", "2") == "delayed"
    assert (await mail.ok("lookUpJobs", ["2", "3"]))["missing"] == ["3"]
    page = await mail.ok("searchJobs", {"state": ["waiting", "delayed"], "limit": 1})
    assert [job["id"] for job in page["jobs"]] == ["1"]
    page = await mail.ok("searchJobs", {"state": ["waiting", "delayed"], "cursor": page["nextCursor"]})
    assert [job["id"] for job in page["jobs"]] == ["2"]
    assert len((await mail.ok("searchJobs"))["jobs"]) == 2
    assert await refusal(mail, "getJob", "9") == "Job not found"
    assert await refusal(mail, "searchJobs", {"limit": "many"})
    assert await refusal(mail, "searchJobs", {"state": ["gone"]})


async def test_moving(mail: ProxySocket, client: Client) -> None:
    later = {"name": "n", "opts": {"delay": 60_000}}
    await mail.ok("addBulk", [later, later, {"name": "n"}, {"name": "n"}])
    await mail.ok("promote", "1")
    await mail.ok("changeDelay", "2", 0)
    await mail.ok("changePriority", "3", {"priority": 5})
    await mail.ok("changePriority", "4", {"priority": 5, "lifo": True})
    await mail.ok("discard", "4")
    leases = await held(client, 4)
    ids = [one["id"] for one in leases]
    assert (sorted(ids[:2]), ids[2:]) == (["1", "2"], ["4", "3"])
    await completed(client, leases[0])
    await failed(client, leases[1])
    await mail.ok("retryJob", leases[0]["id"], "completed", {"resetAttemptsMade": True})
    await mail.ok("retryJob", leases[1]["id"])
    assert await state(client, leases[1]["id"]) == "waiting"
    await mail.ok("remove", leases[0]["id"])
    await mail.ok("remove", leases[1]["id"], {"removeChildren": False})
    assert "held" in await refusal(mail, "remove", leases[2]["id"])
    assert "not delayed" in await refusal(mail, "promote", leases[2]["id"])
    assert "Unknown option" in await refusal(mail, "remove", "1", {"children": True})


async def test_details(mail: ProxySocket) -> None:
    await mail.ok("addBulk", [{"name": "n", "opts": {"deduplication": {"id": "d"}}}])
    await mail.ok("updateData", "1", {"new": [1]})
    await mail.ok("updateJobData", "1", {"new": [2]})
    await mail.ok("updateJobProgress", "1", 50)
    assert (await mail.ok("getJob", "1"))["data"] == {"new": [2]}
    assert await mail.ok("log", "1", "row") == await mail.ok("addJobLog", "1", "row") - 1 == 1
    await mail.ok("clearLogs", "1", 1)
    assert (await mail.ok("getJobLogs", "1"))["count"] == 1
    await mail.ok("clearLogs", "1")
    assert (await mail.ok("getJobLogs", "1"))["count"] == 0
    assert await mail.ok("getDeduplicationJobId", "d") == "1"
    assert await mail.ok("removeJobDeduplicationKey", "1") is True
    assert await refusal(mail, "removeDeduplicationKey", "d")


async def test_children(mail: ProxySocket, client: Client, prefix: str) -> None:
    await mail.ok("addBulk", {"name": "p", "opts": {"delay": 60_000}})
    below = {"parent": {"id": "1", "queue": f"{prefix}:mail"}}
    await mail.ok("addBulk", [{"name": "c", "opts": below}, {"name": "c", "opts": below}])
    await completed(client, (await held(client))[0], 7)
    assert await mail.ok("getChildrenValues", "1") == {f"{prefix}:mail:2": 7}
    assert await mail.ok("getFailedChildrenValues", "1") == await mail.ok("getIgnoredChildrenFailures", "1") == {}
    assert await mail.ok("getDependenciesCount", "1", {"processed": True}) == {"processed": 1}
    assert (await mail.ok("getDependencies", "1"))["unprocessed"] == [f"{prefix}:mail:3"]


async def test_waiting(mail: ProxySocket, client: Client) -> None:
    await mail.ok("addBulk", {"name": "n"})
    assert await mail.ok("getJobResult", "1") == {"id": "1", "state": "waiting"}
    waiting = asyncio.create_task(mail.ok("getJobResult", "1", 8))
    await completed(client, (await held(client))[0], {"sum": 3})
    assert await waiting == {"id": "1", "state": "completed", "returnvalue": {"sum": 3}}


async def test_waiting_as_bullmq_does(mail: ProxySocket, client: Client) -> None:
    await mail.ok("addBulk", [{"name": "n"}, {"name": "n"}, {"name": "n"}])
    assert "within 50ms" in await refusal(mail, "waitUntilFinished", "1", 50)
    waiting = asyncio.create_task(mail.ok("waitUntilFinished", "1"))
    done, broken, _ = await held(client, 3)
    await completed(client, done, {"sum": 3})
    assert await waiting == {"sum": 3}
    await failed(client, broken)
    assert await refusal(mail, "waitUntilFinished", "2", 5000) == "broken"
    assert await refusal(mail, "waitUntilFinished", "9") == "Job 9 not found"


async def test_states_as_bullmq_asks_for_them(mail: ProxySocket, client: Client) -> None:
    await mail.ok("addBulk", [{"name": "n"}] * 3 + [{"name": "n", "opts": {"delay": 60_000}}])
    done, *_ = await held(client, 2)
    await completed(client, done)
    asked = ("isCompleted", "isActive", "isWaiting", "isDelayed", "isFailed", "isWaitingChildren")
    for job_id, true in zip("1234", asked, strict=False):
        assert [fn for fn in asked if await mail.ok(fn, job_id)] == [true]
    await mail.ok("addBulk", {"name": "n"})
    for fn, ids in (
        ("getWaiting", ["3", "5"]),
        ("getActive", ["2"]),
        ("getCompleted", ["1"]),
        ("getDelayed", ["4"]),
        ("getFailed", []),
    ):
        assert [job["id"] for job in await mail.ok(fn)] == ids
    assert [job["id"] for job in await mail.ok("getWaiting", 1, 1)] == ["5"]


async def test_nobody_waits_for_those_who_wait(mail: ProxySocket, client: Client) -> None:
    await mail.ok("addBulk", {"name": "n"})
    for id, fn in enumerate(("getJobResult", "waitUntilFinished"), 100):
        await mail.tell({"id": id, "data": {"fn": fn, "args": ["1"] if fn == "waitUntilFinished" else ["1", 60]}})
    assert (await mail.ok("getJob", "1"))["name"] == "n"
    await completed(client, (await held(client))[0], 5)
    answers = [await mail.hear() for _ in range(2)]
    assert {one["id"] for one in answers} == {100, 101}


async def test_other_names_of_the_same(mail: ProxySocket) -> None:
    job = await mail.ok("add", "n", 1, {"deduplication": {"id": "d"}})
    await mail.ok("updateProgress", job["id"], 5)
    assert (await mail.ok("getJob", job["id"]))["progress"] == 5
    assert await mail.ok("getDebounceJobId", "d") == await mail.ok("getDeduplicationJobId", "d") == job["id"]
    await mail.ok("removeDebounceKey", "d")
    assert "err" in await mail.call("getDebounceJobId", "d")
