"""Each operation on one job leaves the data and the events that Node BullMQ leaves, or answers what Node answers."""

import json
from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from tests.acceptance.client import UNSET, Client
from tests.interop.child import Node
from tests.interop.twins import Twins

HELD = "const w = worker('mail', prefix, null, { autorun: false }); const next = () => w.getNextJob('token');\n"
FAILED = HELD + "await (await next()).moveToFailed(new Error('broken'), 'token', false);\n"
COMPLETED = HELD + "await (await next()).moveToCompleted({ sum: 3 }, 'token', false);\n"
LATER = "await mail.add('a', {}, { delay: 60000 });\n"
FAMILY = """
    const tree = await flows(prefix).add({ name: 'p', queueName: 'mail', opts: { jobId: 'parent' }, children: [
        { name: 'c', queueName: 'mail', opts: { jobId: 'c1' } },
        { name: 'c', queueName: 'mail', opts: { jobId: 'c2', ignoreDependencyOnFailure: true } },
        { name: 'c', queueName: 'mail', opts: { jobId: 'c3', delay: 60000 } }] });
"""
ENDED = FAMILY + COMPLETED + "await (await next()).moveToFailed(new Error('broken'), 'token', false);\n"
JOB = "job = await mail.getJob(id);\n"

Act = tuple[str, str, str, str, Any]
"""The scene, the job, what Node does to it, and the request that does the same."""

ACTS: dict[str, Act] = {
    "promote": (LATER, "1", "job.promote()", "POST /promote", UNSET),
    "promote with a priority": (
        "await mail.add('a', {}, { delay: 60000, priority: 3 })", "1", "job.promote()", "POST /promote", UNSET,
    ),
    "promote in a paused queue": (LATER + "await mail.pause()", "1", "job.promote()", "POST /promote", UNSET),
    "retry failed": ("await mail.add('a', {});" + FAILED, "1", "job.retry()", "POST /retry", UNSET),
    "retry lifo": (
        "await mail.addBulk([{ name: 'a', opts: { lifo: true } }, { name: 'b' }]);" + FAILED,
        "1", "job.retry('failed')", "POST /retry", {"state": "failed"},
    ),
    "retry completed": (
        "await mail.add('a', {}, { priority: 2 });" + COMPLETED,
        "1", "job.retry('completed')", "POST /retry", {"state": "completed"},
    ),
    "retry and reset": (
        "await mail.add('a', {});" + FAILED,
        "1", "job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })",
        "POST /retry", {"resetAttemptsMade": True, "resetAttemptsStarted": True},
    ),
    "retry a child": (ENDED, "c1", "job.retry('completed')", "POST /retry", {"state": "completed"}),
    "retry an ignored child": (ENDED, "c2", "job.retry('failed')", "POST /retry", {}),
    "remove": ("await (await mail.add('a', {})).log('row')", "1", "job.remove()", "DELETE", UNSET),
    "remove a delayed one": (LATER, "1", "mail.remove(id)", "DELETE", UNSET),
    "remove a failed one": ("await mail.add('a', {});" + FAILED, "1", "job.remove()", "DELETE", UNSET),
    "remove with a deduplication id": (
        "await mail.add('a', {}, { deduplication: { id: 'd' } })", "1", "job.remove()", "DELETE", UNSET,
    ),
    "remove a family": (FAMILY, "parent", "job.remove()", "DELETE", UNSET),
    "remove a parent alone": (
        FAMILY, "parent", "job.remove({ removeChildren: false })", "DELETE ?removeChildren=false", UNSET,
    ),
    "remove the last child": (
        "await flows(prefix).add({ name: 'p', queueName: 'mail', opts: { jobId: 'parent' }, children: ["
        "{ name: 'c', queueName: 'mail', opts: { jobId: 'c1' } }] });",
        "c1", "job.remove()", "DELETE", UNSET,
    ),
    "update data": (LATER, "1", "job.updateData({ b: ['\u00e4', 1.5] })", "PUT /data", {"b": ["\u00e4", 1.5]}),
    "change delay": (LATER, "1", "job.changeDelay(5000)", "PUT /delay", {"delay": 5000}),
    "change delay to none": (LATER, "1", "job.changeDelay(0)", "PUT /delay", {"delay": 0}),
    "give a priority": (
        "await mail.add('a', {})", "1", "job.changePriority({ priority: 5 })", "PUT /priority", {"priority": 5},
    ),
    "take the priority": (
        "await mail.add('a', {}, { priority: 3 })", "1", "job.changePriority({})", "PUT /priority", {},
    ),
    "go first with a priority": (
        "await mail.addBulk([{ name: 'a', opts: { priority: 3 } }, { name: 'b', opts: { priority: 3 } }])",
        "2", "job.changePriority({ priority: 3, lifo: true })", "PUT /priority", {"priority": 3, "lifo": True},
    ),
    "priority of a delayed one": (
        LATER, "1", "job.changePriority({ priority: 5 })", "PUT /priority", {"priority": 5},
    ),
    "log": (LATER, "1", "job.log('row')", "POST /logs", {"log": "row"}),
    "log and keep": (
        LATER + "for (const row of 'abc') await mail.addJobLog('1', row)",
        "1", "mail.addJobLog(id, 'd', 2)", "POST /logs", {"log": "d", "keep": 2},
    ),
    "clear logs": ("await (await mail.add('a', {})).log('row')", "1", "job.clearLogs()", "DELETE /logs", UNSET),
    "clear logs but some": (
        LATER + "for (const row of 'abc') await mail.addJobLog('1', row)",
        "1", "job.clearLogs(2)", "DELETE /logs?keep=2", UNSET,
    ),
    "progress": (LATER, "1", "job.updateProgress({ step: 2 })", "PUT /progress", {"step": 2}),
    "release a deduplication id": (
        "await mail.add('a', {}, { deduplication: { id: 'd' } })",
        "1", "job.removeDeduplicationKey()", "DELETE /deduplication", UNSET,
    ),
}  # fmt: skip


@pytest.fixture
def twins(redis: Redis, node: Node, server: RunningServer, prefix: str) -> Twins:
    return Twins(redis, node, Client(server.port), prefix)


@pytest.mark.parametrize("what", ACTS)
async def test_the_same_is_left(twins: Twins, what: str) -> None:
    scene, id, code, request, body = ACTS[what]
    await twins.set(scene)
    await twins.node(f"{JOB}await {code}", id=id)
    method, _, path = request.partition(" ")
    await twins.corral(method, f"/jobs/{id}{path}", body)
    twins.assert_alike(ordered=what != "remove a family")  # the children are gone through in no order


REFUSED: dict[str, Act] = {
    "promote": ("await mail.add('a', {})", "1", "job.promote()", "POST /promote", UNSET),
    "retry": ("await mail.add('a', {});" + COMPLETED, "1", "job.retry('failed')", "POST /retry", {}),
    "remove": ("await mail.add('a', {});" + HELD + "await next()", "1", "job.remove()", "DELETE", UNSET),
    "remove a parent": (FAMILY + HELD + "await next()", "parent", "job.remove()", "DELETE", UNSET),
    "remove the job of a scheduler": (
        "await mail.upsertJobScheduler('tick', { every: 3600000 })",
        "", "mail.getJobs().then(([job]) => job.remove())", "DELETE", UNSET,
    ),
    "change delay": ("await mail.add('a', {})", "1", "job.changeDelay(5)", "PUT /delay", {"delay": 5}),
}  # fmt: skip


@pytest.mark.parametrize("act", REFUSED.values(), ids=REFUSED.keys())
async def test_the_same_is_refused(twins: Twins, act: Act) -> None:
    scene, id, code, request, body = act
    await twins.set(scene)
    refused = f"try {{ await {code}; return 'done' }} catch {{ return 'refused' }}"
    assert await twins.node(JOB + refused, id=id or "0") == "refused"
    method, _, path = request.partition(" ")
    id = id or (await twins.node("return (await mail.getJobs())[0].id"))
    assert (await twins.answer(method, f"/jobs/{id}{path}", body)).status == 409
    twins.assert_alike()


ANSWERS = {
    "getState": ("job.getState()", "/state"),
    "getChildrenValues": ("job.getChildrenValues()", "/children/values"),
    "getIgnoredChildrenFailures": ("job.getIgnoredChildrenFailures()", "/children/failures"),
    "getDependencies": ("job.getDependencies()", "/dependencies"),
    "getDependenciesCount": ("job.getDependenciesCount()", "/dependencies/count"),
    "getJobLogs": ("mail.getJobLogs(id)", "/logs"),
    "getJob": ("job", ""),
}


@pytest.mark.parametrize("id", ["parent", "c1", "c2", "c3"])
@pytest.mark.parametrize("question", ANSWERS.values(), ids=ANSWERS.keys())
async def test_the_same_is_answered(twins: Twins, question: tuple[str, str], id: str) -> None:
    await twins.set(ENDED + "await (await mail.getJob('c1')).log('row')")
    code, path = question
    theirs = json.loads(await twins.node(f"{JOB}return JSON.stringify(await {code})", id=id))
    ours = await twins.corral("GET", f"/jobs/{id}{path}")
    assert (ours["state"] if path == "/state" else ours) == twins.renamed(theirs)


async def test_the_holder_of_a_deduplication_id(twins: Twins) -> None:
    await twins.set("await mail.add('a', {}, { deduplication: { id: 'd' } })")
    assert await twins.node("return mail.getDeduplicationJobId('d')") == "1"
    assert await twins.corral("GET", "/deduplication/d") == {"jobId": "1"}
    await twins.node("await mail.removeDeduplicationKey('d')")
    await twins.corral("DELETE", "/deduplication/d")
    twins.assert_alike()


JOBS: list[dict[str, Any]] = [
    {"name": "plain", "data": {"a": [1, "\u00e4"]}},
    {"name": "late", "data": None, "opts": {"delay": 60_000}},
    {"name": "first", "data": 5, "opts": {"priority": 3, "attempts": 4, "backoff": {"type": "fixed", "delay": 9}}},
    {"name": "own", "data": [], "opts": {"jobId": "own", "lifo": True, "removeOnComplete": {"count": 3, "age": 60}}},
    {"name": "own", "data": [], "opts": {"jobId": "own"}},
    {"name": "once", "data": {}, "opts": {"deduplication": {"id": "d", "ttl": 600_000}}},
    {"name": "once", "data": {}, "opts": {"deduplication": {"id": "d", "ttl": 600_000}}},
    {"name": "kept", "data": {}, "opts": {"keepLogs": 3, "stackTraceLimit": 2, "sizeLimit": 99, "removeOnFail": True}},
]


async def test_adding_many(twins: Twins) -> None:
    await twins.set("await mail.waitUntilReady(); await mail.add('before', {})")
    code = "return JSON.stringify(await mail.addBulk(jobs))"
    theirs = json.loads(await twins.node(code, jobs=JOBS))
    ours = await twins.corral("POST", "/jobs", JOBS)
    assert [job["id"] for job in ours] == [job["id"] for job in theirs]
    twins.assert_alike()


@pytest.mark.parametrize("job", JOBS[:4], ids=lambda job: job["name"])
async def test_adding_one(twins: Twins, job: dict[str, Any]) -> None:
    await twins.set("await mail.waitUntilReady()")
    await twins.node("await mail.add(job.name, job.data, job.opts)", job=job)
    await twins.corral("POST", "/jobs", job)
    twins.assert_alike()


async def test_a_duplicate_is_the_same_job_added_again(twins: Twins) -> None:
    first = {"attempts": 4, "removeOnFail": True}
    await twins.set(f"await mail.add('a', {{ b: 1 }}, {json.dumps(first | {'jobId': 'x', 'delay': 5000})})")
    await twins.node("await mail.add('a', { b: 1 }, opts)", opts=first)
    await twins.corral("POST", "/jobs/x/duplicate")
    twins.assert_alike()
