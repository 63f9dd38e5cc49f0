"""corral adds, over HTTP and WebSockets, and a Node Worker works."""

import itertools
import json
from typing import Any

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.sockets import opened
from tests.interop.bull import Bull

TRIED = "if (job.attemptsMade < 2) throw new Error('not now'); return 'done'"


async def test_node_works_jobs_added_over_http(bull: Bull, client: Client) -> None:
    await bull.work("kept.job = JSON.stringify(job); return { sent: job.data.to }")
    await client.add("mail", {"name": "welcome", "data": {"to": "ännä"}, "opts": {"attempts": 2}})
    assert (await bull.ended())["returnvalue"] == {"sent": "ännä"}
    seen = json.loads(await bull.run("return kept.job"))
    assert (seen["name"], seen["data"], seen["opts"]) == ("welcome", {"to": "ännä"}, {"attempts": 2})
    job = await client.job("mail", "1")
    assert (job["returnvalue"], job["attemptsMade"], job["finishedOn"] >= job["processedOn"]) == (
        {"sent": "ännä"},
        1,
        True,
    )


async def test_node_works_jobs_added_over_a_websocket(bull: Bull, server: RunningServer) -> None:
    await bull.work("return job.data")
    async with opened(server, "/queues/mail") as queue:
        null = [] if bull.on_postgres else [None]  # which Node takes for {} there
        for data in ({"to": "ann"}, [1, None], "text", 0, *null):
            id = (await queue.ok("add", "welcome", data))["id"]
            assert (await bull.ended(id))["returnvalue"] == data


async def test_a_batch_is_worked_in_order(bull: Bull, client: Client) -> None:
    names = [f"n{number}" for number in range(200)]
    added = await client.add("mail", *({"name": name, "data": {"n": 1}} for name in names))
    assert [job["id"] for job in added] == [str(number) for number in range(1, 201)]
    await bull.work()
    assert await bull.ran(200) == names


async def test_order_is_by_priority_and_lifo(bull: Bull, client: Client) -> None:
    jobs: list[tuple[str, dict[str, Any]]] = [
        ("first", {}),
        ("p9", {"priority": 9}),
        ("lifo 1", {"lifo": True}),
        ("p1", {"priority": 1}),
        ("second", {}),
        ("lifo 2", {"lifo": True}),
    ]
    await client.add("mail", *({"name": name, "data": {"n": 1}, "opts": opts} for name, opts in jobs))
    await bull.work()
    assert await bull.ran(6) == ["lifo 2", "lifo 1", "first", "second", "p1", "p9"]


async def test_delayed_jobs_come_when_they_are_due(bull: Bull, client: Client) -> None:
    await bull.work("return Date.now()")
    opts = {"late": {"delay": 150}, "early": {"delay": 50}, "now": {}}
    await client.add("mail", *({"name": name, "data": {"n": 1}, "opts": each} for name, each in opts.items()))
    # On Postgres jobs that are due have their place in the queue by when they were added.
    ran = await bull.ran(3)
    assert sorted(ran) == ["early", "late", "now"] if bull.on_postgres else ran == ["now", "early", "late"]
    for id, delay in (("1", 150), ("2", 50)):
        job = await bull.ended(id)
        assert job["returnvalue"] >= job["timestamp"] + delay


async def test_retries_with_each_kind_of_backoff(bull: Bull, client: Client) -> None:
    backoffs: list[Any] = [{"type": "fixed", "delay": 30}, {"type": "exponential", "delay": 30}, 30, None]
    for backoff in backoffs:
        opts = {"attempts": 3} | ({"backoff": backoff} if backoff else {})
        await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": opts})
    await bull.work(f"(kept['at' + job.id] ??= []).push(Date.now()); {TRIED}", concurrency=10)
    pauses = []
    for id in ("1", "2", "3", "4"):
        ended = await bull.ended(id)
        assert (ended["returnvalue"], ended["attemptsMade"], ended["failedReason"]) == ("done", 3, "not now")
        begun = await bull.run("return kept['at' + id]", id=id)
        pauses.append([after - before for before, after in itertools.pairwise(begun)])
    assert min(pauses[0]) >= 29
    assert pauses[1][1] >= 59
    assert min(pauses[2]) >= 29
    assert (await client.job("mail", "2"))["attemptsMade"] == 3


async def test_jobs_that_fail_in_node_are_seen_over_http(bull: Bull, client: Client) -> None:
    await bull.work("throw new bullmq.UnrecoverableError('no such mailbox')")
    await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": {"attempts": 5}})
    await bull.ended()
    job = await client.job("mail", "1")
    assert (job["failedReason"], job["attemptsMade"], job["returnvalue"]) == ("no such mailbox", 1, None)
    assert "no such mailbox" in job["stacktrace"][0]
    assert (await client.counts("mail"))["failed"] == 1


async def test_finished_jobs_are_kept_as_their_options_say(bull: Bull, client: Client) -> None:
    for opts in ({"removeOnComplete": True}, {"removeOnComplete": 1}, {"removeOnComplete": {"age": 3600, "count": 1}}):
        await client.add("mail", *({"name": "welcome", "data": {"n": n}, "opts": opts} for n in range(2)))
    await bull.work()
    await bull.ended("6")
    assert (await client.counts("mail"))["completed"] == 1


async def test_custom_ids_and_deduplication(bull: Bull, client: Client) -> None:
    await client.add("mail", {"name": "welcome", "data": {"by": "corral"}, "opts": {"jobId": "one"}})
    assert await bull.add("welcome", {"by": "node"}, jobId="one") == "one"
    once = {"deduplication": {"id": "ann"}}
    [added] = await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": once})
    assert await bull.add("welcome", {}, **once) == added["id"]
    await bull.work()
    assert (await bull.ended("one"))["data"] == {"by": "corral"}
    assert (await bull.ended(added["id"]))["deduplicationId"] == "ann"
    assert await bull.add("welcome", {}, **once) != added["id"]


async def test_deduplication_for_a_time(bull: Bull, client: Client) -> None:
    once = {"deduplication": {"id": "ann", "ttl": 60_000}}
    [added] = await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": once})
    await bull.work()
    await bull.ended(added["id"])
    assert await bull.add("welcome", {}, **once) == added["id"], "the time goes on when the job has ended"
    await bull.run("await mail.removeDeduplicationKey('ann')")
    assert await bull.add("welcome", {}, **once) != added["id"]


async def test_progress_and_logs_of_a_node_worker(bull: Bull, client: Client, server: RunningServer) -> None:
    await bull.work(
        "await job.updateProgress(40); await job.log('one'); await job.log('two');"
        "await new Promise((done) => { kept.done = done; }); return 'done'"
    )
    await client.add("mail", {"name": "welcome", "data": {"n": 1}})
    await until(lambda: bull.run("return kept.done !== undefined"))
    assert (await client.job("mail", "1"))["progress"] == 40
    logs = (await client.call("GET", "/queues/mail/jobs/1/logs")).json()
    assert logs == {"logs": ["one", "two"], "count": 2}
    async with opened(server, "/queues/mail") as queue:
        assert await queue.ok("updateJobProgress", "1", {"from": "outside"}) is None
        assert await queue.ok("addJobLog", "1", "three") == 3
    assert (await bull.job("1"))["progress"] == {"from": "outside"}
    assert (await bull.run("return mail.getJobLogs('1')"))["logs"] == ["one", "two", "three"]
    await bull.run("kept.done()")
    await bull.ended()
