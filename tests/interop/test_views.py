"""Node and corral show the same jobs, counts, workers and events."""

import asyncio
from typing import Any

import pytest

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.sockets import opened
from tests.interop.bull import Bull

STATES = ("waiting", "active", "completed", "failed", "delayed")


async def test_jobs_in_every_state(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await _one_in_every_state(bull, client, endpoint)
    for state in STATES:
        shown = (await client.call("GET", f"/queues/mail/jobs?statuses={state}&length=50")).json()["jobs"]
        code = "return JSON.parse(JSON.stringify(await mail.getJobs([state])))"
        own = await bull.run(code, state=state)
        for job in own:
            job.pop("debounceId", None)  # the former name, which 5 repeats beside the new one
        assert shown == [_named(bull, job) for job in own], state
        for job in shown:
            assert await client.job("mail", job["id"]) == job


async def test_counts(bull: Bull, client: Client, server: RunningServer, endpoint: EndpointServer) -> None:
    await _one_in_every_state(bull, client, endpoint)
    for paused in (False, True):
        counts = await bull.counts()
        assert {state: counts[state] for state in counts if counts[state]}.keys() >= {"active", "completed"}
        async with opened(server, "/queues/mail") as queue:
            shown = await queue.ok("getJobCounts")
        if bull.version == 5:
            assert shown == counts
        else:  # 6 has no count of its own for the jobs of a paused queue
            waiting = shown.pop("paused") + shown.pop("waiting")
            counted = waiting if bull.on_postgres and paused else counts["waiting"]  # there it counts none of these
            assert {**shown, "waiting": waiting} == {**counts, "waiting": counted}
        if not paused:
            await bull.run("await mail.pause()")


async def test_a_job_right_after_adding_it(bull: Bull, client: Client) -> None:
    for opts in (
        {},
        {"delay": 60_000},
        {"priority": 3, "attempts": 2},
        {"jobId": "one"},
        {"deduplication": {"id": "d"}},
    ):
        [shown] = await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": opts})
        await bull.run("await mail.remove(id)", id=shown["id"])
        code = "return JSON.parse(JSON.stringify(await mail.add('welcome', { n: 1 }, opts)))"
        other = await bull.run(code, opts=opts)
        assert shown | {"id": "", "timestamp": 0} == _named(bull, other) | {"id": "", "timestamp": 0}
        await bull.run("await mail.remove(id)", id=other["id"])


@pytest.mark.kinds("bullmq5", "bullmq6")
async def test_each_side_sees_the_workers_of_the_other(bull: Bull, server: RunningServer) -> None:
    async with opened(server, "/queues/mail") as queue:
        await bull.work(name="node's")
        [seen] = await until(lambda: queue.ok("getWorkers"))
        [own] = await bull.run("return mail.getWorkers()")
        assert {name: seen[name] for name in ("id", "name", "addr")} == {
            name: own[name] for name in ("id", "name", "addr")
        }
        assert seen["rawname"].endswith(":w:node's")
        async with opened(server, "/queues/mail/process/1"):
            assert await until(lambda: bull.run("return (await mail.getWorkersCount()) === 2"))
            assert [one["name"] for one in await bull.run("return mail.getWorkers()")] == ["mail", "mail"]


async def test_node_hears_what_corral_does(
    bull: Bull, server: RunningServer, client: Client, endpoint: EndpointServer
) -> None:
    endpoint.script = hold
    await bull.run(
        "kept.heard = []; const told = events('mail', prefix, { lastEventId }, version);"
        "for (const name of names) told.on(name, (args) => kept.heard.push([name, args]));",
        names=[
            "added",
            "waiting",
            "active",
            "progress",
            "completed",
            "failed",
            "delayed",
            "drained",
            "paused",
            "resumed",
        ],
    )
    await client.register("mail", endpoint.url)
    opts = {"attempts": 2, "backoff": {"type": "fixed", "delay": 1}}
    await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": opts})
    call = await endpoint.next()
    await client.call("POST", "/queues/mail/jobs/1/progress", {"half": True}, token=call.token)
    call.respond(response(b"", "500 Broken"))
    (await endpoint.next()).respond(response({"sent": 1}))
    await bull.ended()
    async with opened(server, "/queues/mail") as queue:
        await queue.ok("pause")
        await queue.ok("resume")
    heard = await until(lambda: bull.run("return kept.heard.length >= 11 && kept.heard"))
    assert [name for name, _ in heard] == [
        *("added", "waiting", "active", "progress", "delayed", "waiting", "active", "completed", "drained"),
        *("paused", "resumed"),
    ]
    args = dict(heard)
    assert args["progress"] == {"jobId": "1", "data": {"half": True}}
    assert args["completed"] == {"jobId": "1", "returnvalue": {"sent": 1}, "prev": "active"}


async def test_corral_hears_what_node_does(bull: Bull, server: RunningServer) -> None:
    names = ("added", "waiting", "active", "progress", "completed", "failed", "drained", "paused", "resumed", "removed")
    async with opened(server, f"/queues/mail/events?events={','.join(names)}&token={server.token}") as events:
        await events.ok("on")
        await bull.work("await job.updateProgress([1]); if (job.data.fail) throw new Error('no'); return { sent: 1 }")
        await bull.add("welcome", {})
        heard = [await events.event() for _ in range(6)]
        assert [name for name, _ in heard] == ["added", "waiting", "active", "progress", "completed", "drained"]
        assert heard[3][1][0] == {"jobId": "1", "data": [1]}
        assert heard[4][1][0] == {"jobId": "1", "returnvalue": {"sent": 1}, "prev": "active"}
        await bull.add("welcome", {"fail": True})
        assert await _until_heard(events, "failed") == {"jobId": "2", "failedReason": "no", "prev": "active"}
        await bull.run("await mail.pause(); await mail.resume(); await mail.remove('1')")
        await _until_heard(events, "paused")
        if bull.on_postgres:  # where BullMQ tells of no removal
            return
        assert await _until_heard(events, "removed") == {"jobId": "1", "prev": "completed"}


def _named(bull: Bull, job: dict[str, Any]) -> dict[str, Any]:
    """The job as corral names its queue; BullMQ knows no prefix on Postgres."""
    return {**job, "queueQualifiedName": f"{bull.prefix}:{job['queueQualifiedName']}"} if bull.on_postgres else job


async def _until_heard(events: Any, wanted: str) -> Any:
    async with asyncio.timeout(30):
        while True:
            name, args = await events.event()
            if name == wanted:
                return args[0]


async def _one_in_every_state(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    answers = iter([response({"sent": [1, "ä"]}), response(b"", "500 Broken"), response(b"text"), None])
    endpoint.script = lambda call: next(answers)
    await client.add("mail", {"name": "done", "data": {"n": 1}, "opts": {"attempts": 2}})
    await bull.add("fails", {"n": 2}, keepLogs=5)
    await client.add("mail", {"name": "text", "data": [1], "opts": {"jobId": "own"}})
    await bull.add("runs", {"n": 4}, deduplication={"id": "d"})
    await client.register("mail", endpoint.url)
    await endpoint.take(4)
    await client.add("mail", {"name": "late", "data": "text", "opts": {"delay": 60_000}})
    await bull.add("late", {"n": 5}, delay=60_000, priority=3, backoff={"type": "fixed", "delay": 5})
    await client.add("mail", {"name": "waits", "data": {"n": 6}, "opts": {"lifo": True}})
    await bull.add("waits", {"n": 7}, removeOnComplete=True)
    await bull.add("first", {"n": 8}, priority=1)
    await bull.ended("own")
