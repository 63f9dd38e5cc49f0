"""Flows of Node whose jobs are worked by corral."""

from typing import Any

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, response
from tests.acceptance.sockets import opened
from tests.interop.bull import Bull


def flow(**child_opts: Any) -> dict[str, Any]:
    """A parent in `mail` with two children in `parts`."""
    children = [{"name": f"part {n}", "queueName": "parts", "data": {"n": n}, "opts": child_opts} for n in (1, 2)]
    return {"name": "whole", "queueName": "mail", "data": {}, "opts": {"jobId": "whole"}, "children": children}


async def plant(bull: Bull, tree: dict[str, Any]) -> None:
    await bull.run("await flows(prefix, {}, version).add(tree)", tree=tree)


async def test_children_done_by_an_endpoint_release_their_parent(
    bull: Bull, client: Client, endpoint: EndpointServer
) -> None:
    endpoint.script = lambda call: response({"of": call.job["name"]})
    await plant(bull, flow())
    assert (await bull.counts())["waiting-children"] == 1
    await client.register("parts", endpoint.url, opts={"concurrency": 2})
    await until(lambda: bull.run("return (await mail.getJobCounts('waiting')).waiting"))
    values = await bull.run("return Object.values(await (await mail.getJob('whole')).getChildrenValues())")
    assert sorted(value["of"] for value in values) == ["part 1", "part 2"]
    await client.register("mail", endpoint.url)
    assert (await bull.ended("whole"))["returnvalue"] == {"of": "whole"}
    [child] = [call.job for call in endpoint.seen if call.job["name"] == "part 1"]
    assert child["parent"] == {"id": "whole", "queueKey": f"{bull.prefix}:mail"}
    assert child["parentKey"] == f"{bull.prefix}:mail:whole"


async def test_children_done_by_a_websocket_release_a_parent_for_node(bull: Bull, server: RunningServer) -> None:
    await bull.work("return Object.values(await job.getChildrenValues()).sort()")
    await plant(bull, flow())
    async with opened(server, "/queues/parts/process/1") as worker:
        for _ in range(2):
            id, payload = await worker.job()
            await worker.answer(id, result=payload["n"])
        assert (await bull.ended("whole"))["returnvalue"] == [1, 2]


async def test_a_child_that_fails_for_good_fails_its_parent(
    bull: Bull, client: Client, endpoint: EndpointServer
) -> None:
    endpoint.script = lambda call: response(b"", "500 Broken" if call.job["name"] == "part 1" else "200 OK")
    await plant(bull, flow(failParentOnFailure=True, attempts=2))
    await client.register("parts", endpoint.url)
    await client.register("mail", endpoint.url)
    ended = await bull.ended("whole")
    assert "failed" in ended["failedReason"]
    assert ended["returnvalue"] is None
    assert not any(call.job["name"] == "whole" for call in endpoint.seen)


async def test_a_child_that_may_fail_does_not_hold_its_parent(
    bull: Bull, client: Client, endpoint: EndpointServer
) -> None:
    endpoint.script = lambda call: response(b"", "500 Broken" if call.job["name"] == "part 1" else "200 OK")
    await plant(bull, flow(ignoreDependencyOnFailure=True))
    await client.register("parts", endpoint.url)
    await client.register("mail", endpoint.url)
    await bull.ended("whole")
    ignored = await bull.run("return Object.values(await (await mail.getJob('whole')).getIgnoredChildrenFailures())")
    assert ignored == ["Broken"]


async def test_corral_adds_a_child_to_a_parent_of_node(
    bull: Bull, server: RunningServer, client: Client, endpoint: EndpointServer
) -> None:
    await plant(bull, flow())
    async with opened(server, "/queues/parts") as queue:
        parent = {"id": "whole", "queue": f"{bull.prefix}:mail"}
        await queue.ok("add", "part 3", {"n": 3}, {"parent": parent})
    await client.register("parts", endpoint.url, opts={"concurrency": 3})
    await endpoint.take(3)
    await client.register("mail", endpoint.url)
    await bull.ended("whole")
    code = "return Object.keys((await (await mail.getJob('whole')).getDependencies()).processed).length"
    assert await bull.run(code) == 3
