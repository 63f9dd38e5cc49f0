"""Node BullMQ adds, corral works: over HTTP endpoints and WebSockets."""

import itertools
from typing import Any

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointCall, EndpointServer, hold, response
from tests.acceptance.sockets import opened
from tests.interop.bull import Bull


async def test_an_endpoint_works_jobs_of_node(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.register("mail", endpoint.url)
    endpoint.script = lambda call: response({"sent": call.job["data"]["to"]})
    assert await bull.add("welcome", {"to": "ännä", "deep": [1, {"a": None}]}, attempts=2) == "1"
    call = await endpoint.next()
    job = {name: call.job[name] for name in ("name", "data", "opts", "id")}
    assert job == {
        "name": "welcome",
        "data": {"to": "ännä", "deep": [1, {"a": None}]},
        "opts": {"attempts": 2},
        "id": "1",
    }
    ended = await bull.ended()
    assert (ended["returnvalue"], ended["attemptsMade"], ended["attemptsStarted"]) == ({"sent": "ännä"}, 1, 1)


async def test_a_websocket_works_jobs_of_node(bull: Bull, server: RunningServer) -> None:
    async with opened(server, "/queues/mail/process/2") as worker:
        await bull.run("await mail.addBulk([1, 2].map((n) => ({ name: 'welcome', data: { n } })))")
        for _ in range(2):
            id, payload = await worker.job()
            if payload["n"] == 1:
                await worker.answer(id, result=payload)
            else:
                await worker.answer(id, err={"message": "no such mailbox", "stack": "Error: no such mailbox"})
        assert (await bull.ended("1"))["returnvalue"] == {"n": 1}
        failed = await bull.ended("2")
        assert (failed["failedReason"], failed["stacktrace"]) == ("no such mailbox", ["Error: no such mailbox"])


async def test_node_waits_for_a_job_that_corral_works(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.register("mail", endpoint.url)
    code = """
        const told = events('mail', prefix, { lastEventId }, version);
        await told.waitUntilReady();
        const added = await mail.add('welcome', {});
        return added.waitUntilFinished(told, 10000);
    """
    assert await bull.run(code) == {"ok": True}


async def test_order_is_by_priority_and_lifo(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    for name, opts in _ORDERED:
        await bull.add(name, {}, **opts)
    await client.register("mail", endpoint.url)
    assert [call.job["name"] for call in await endpoint.take(6)] == ["lifo 2", "lifo 1", "first", "second", "p1", "p9"]


_ORDERED: list[tuple[str, dict[str, Any]]] = [
    ("first", {}),
    ("p9", {"priority": 9}),
    ("lifo 1", {"lifo": True}),
    ("p1", {"priority": 1}),
    ("second", {}),
    ("lifo 2", {"lifo": True}),
]


async def test_delayed_jobs_come_when_they_are_due(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.register("mail", endpoint.url)
    await bull.add("late", {}, delay=150)
    await bull.add("early", {}, delay=50)
    await bull.add("now", {})
    calls = await endpoint.take(3)
    assert sorted(call.job["name"] for call in calls) == ["early", "late", "now"]
    for call in calls:
        if "delay" in call.job["opts"]:
            assert call.job["processedOn"] >= call.job["timestamp"] + call.job["opts"]["delay"]


async def test_a_promoted_job_comes_at_once(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.register("mail", endpoint.url)
    await bull.add("late", {}, delay=60_000)
    assert (await client.counts("mail"))["delayed"] == 1
    await bull.run("await (await mail.getJob('1')).promote()")
    assert (await endpoint.next()).job["name"] == "late"


async def test_retries_with_each_kind_of_backoff(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "503 Not Now")
    await client.register("mail", endpoint.url, opts={"concurrency": 10})
    await bull.add("fixed", {}, attempts=3, backoff={"type": "fixed", "delay": 30})
    await bull.add("exponential", {}, attempts=3, backoff={"type": "exponential", "delay": 30})
    await bull.add("at once", {}, attempts=3)
    pauses = {}
    for number, name in enumerate(("fixed", "exponential", "at once"), start=1):
        ended = await bull.ended(str(number))
        assert (ended["failedReason"], ended["attemptsMade"], len(ended["stacktrace"])) == ("Not Now", 3, 3)
        begun = [call.job["processedOn"] for call in endpoint.seen if call.job["name"] == name]
        pauses[name] = [after - before for before, after in itertools.pairwise(begun)]
    assert min(pauses["fixed"]) >= 30
    assert pauses["exponential"][0] >= 30
    assert pauses["exponential"][1] >= 60
    assert len(pauses["at once"]) == 2


async def test_attempts_end_with_the_first_success(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    answers = iter([response(b"", "500 Broken"), response({"at": "last"})])
    endpoint.script = lambda call: next(answers)
    await client.register("mail", endpoint.url)
    await bull.add("welcome", {}, attempts=5)
    ended = await bull.ended()
    assert (ended["returnvalue"], ended["attemptsMade"], ended["failedReason"]) == ({"at": "last"}, 2, "Broken")


async def test_finished_jobs_are_kept_as_node_wishes(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "500 Broken" if call.job["name"] == "fails" else "200 OK")
    for name in ("done", "fails"):
        for opts in (
            {"removeOnComplete": True, "removeOnFail": True},
            {"removeOnComplete": 2, "removeOnFail": {"count": 1}},
        ):
            for _ in range(3):
                await bull.add(name, {}, **opts)
    await client.register("mail", endpoint.url)
    await endpoint.take(12)
    await until(lambda: _nothing_left(bull))
    counts = await bull.counts()
    assert (counts["completed"], counts["failed"]) == (2, 1)
    assert await bull.job("6") is not None
    assert await bull.job("1") is None


async def test_custom_ids(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    assert await bull.add("welcome", {"by": "node"}, jobId="one") == "one"
    [again] = await client.add("mail", {"name": "welcome", "data": {"by": "corral"}, "opts": {"jobId": "one"}})
    assert again["id"] == "one"
    await client.register("mail", endpoint.url)
    assert (await endpoint.next()).job["data"] == {"by": "node"}
    await bull.ended("one")
    assert endpoint.calls.empty()


async def test_deduplication_until_the_job_ends(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    once = {"deduplication": {"id": "ann"}}
    assert await bull.add("welcome", {}, **once) == "1"
    [same] = await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": once})
    assert same["id"] == "1"
    assert await bull.run("return mail.getDeduplicationJobId('ann')") == "1"
    await client.register("mail", endpoint.url)
    (await endpoint.next()).respond(response())
    assert (await bull.ended())["deduplicationId"] == "ann"
    assert await bull.run("return mail.getDeduplicationJobId('ann')") is None
    [new] = await client.add("mail", {"name": "welcome", "data": {"n": 2}, "opts": once})
    assert new["id"] != "1"
    assert await bull.add("welcome", {}, **once) == new["id"]


async def test_deduplication_for_a_time(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.register("mail", endpoint.url)
    long, short = ({"deduplication": {"id": id, "ttl": ttl}} for id, ttl in (("bob", 60_000), ("ann", 200)))
    assert await bull.add("welcome", {}, **long) == "1"
    await bull.ended()
    [same] = await client.add("mail", {"name": "welcome", "data": {"n": 1}, "opts": long})
    assert same["id"] == "1", "the time goes on when the job has ended"
    first = await bull.add("welcome", {}, **short)
    await until(lambda: _is_free(bull))
    [new] = await client.add("mail", {"name": "welcome", "data": {"n": 2}, "opts": short})
    assert new["id"] != first


async def test_node_removes_what_corral_added(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.add("mail", *({"name": "welcome", "data": {"n": n}} for n in range(3)))
    await client.add("mail", {"name": "late", "data": {"n": 3}, "opts": {"delay": 60_000}})
    await bull.run("await mail.remove('2'); await mail.remove('4')")
    assert (await client.call("GET", "/queues/mail/jobs/2")).status == 404
    assert await client.counts("mail", "waiting,delayed") == {"waiting": 2, "delayed": 0, "paused": 0}
    endpoint.script = hold
    await client.register("mail", endpoint.url)
    call = await endpoint.next()
    assert await bull.run("return mail.remove('1')") == 0, "a job that runs is locked"
    call.respond(response())
    assert (await endpoint.next()).job["data"] == {"n": 2}


async def test_node_changes_a_job_before_corral_runs_it(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.add("mail", {"name": "a", "data": {"n": 1}}, {"name": "b", "data": {"n": 2}})
    await bull.run("await (await mail.getJob('1')).updateData({ n: 9 })")
    await bull.run("await (await mail.getJob('1')).changePriority({ priority: 5 })")
    await client.register("mail", endpoint.url)
    assert [call.job["data"]["n"] for call in await endpoint.take(2)] == [2, 9]


async def test_node_tries_a_failed_job_again(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    answers = iter([response(b"", "500 Broken"), response({"ok": 2})])
    endpoint.script = lambda call: next(answers)
    await client.register("mail", endpoint.url)
    await client.add("mail", {"name": "welcome", "data": {"n": 1}})
    await bull.ended()
    await bull.run("await (await mail.getJob('1')).retry()")
    await endpoint.take(2)
    await until(lambda: _is_completed(bull))
    assert (await bull.job("1"))["returnvalue"] == {"ok": 2}


async def test_progress_and_logs_of_an_endpoint(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    await client.register("mail", endpoint.url)
    await bull.add("welcome", {})
    call: EndpointCall = await endpoint.next()
    for path, body in (("progress", {"half": True}), ("logs", "one"), ("logs", {"log": "two"})):
        reply = await client.call("POST", f"/queues/mail/jobs/1/{path}", body, token=call.token)
        assert reply.status == 200
    assert (await bull.job("1"))["progress"] == {"half": True}
    assert await bull.run("return mail.getJobLogs('1')") == {"logs": ["one", "two"], "count": 2}
    call.respond(response())
    await bull.ended()


async def _nothing_left(bull: Bull) -> bool:
    counts = await bull.counts()
    return not counts["waiting"] and not counts["active"]


async def _is_free(bull: Bull) -> bool:
    return await bull.run("return mail.getDeduplicationJobId('ann')") is None


async def _is_completed(bull: Bull) -> bool:
    return bool((await bull.counts())["completed"])
