"""A queue that one side pauses and the other resumes.

BullMQ 5 renames a paused queue's waiting jobs into a list `paused`; BullMQ 6 and corral leave them where they are
and only set a flag. Resuming by corral brings back both. A `resume` of BullMQ 5 renames its list over whatever
has been added to the other in the meantime, so that corral warns of such programs.
"""

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.sockets import opened
from tests.interop.bull import Bull


async def test_corral_resumes_what_node_paused(
    bull: Bull, server: RunningServer, client: Client, endpoint: EndpointServer, redis: Redis
) -> None:
    """No job is lost, whoever added it, before the pause or during it."""
    await bull.add("node before", {})
    await client.add("mail", {"name": "corral before", "data": {"n": 1}})
    await bull.run("await mail.pause()")
    await bull.add("node during", {})
    await client.add("mail", {"name": "corral during", "data": {"n": 1}})
    await bull.add("urgent", {}, priority=1)
    await client.register("mail", endpoint.url)
    async with opened(server, "/queues/mail") as queue:
        await until(lambda: queue.ok("getWorkers"))
        assert (await queue.ok("getJobCounts", "waiting"))["waiting"] == 0
        assert endpoint.seen == []
        await queue.ok("resume")
    names = [call.job["name"] for call in await endpoint.take(5)]
    assert set(names) == {"node before", "corral before", "node during", "corral during", "urgent"}
    assert await bull.run("return mail.isPaused()") is False
    assert not redis.exists(f"{bull.prefix}:mail:paused")


async def test_a_pause_of_node_stops_a_working_endpoint(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    await client.register("mail", endpoint.url)
    await bull.add("first", {})
    call = await endpoint.next()
    await bull.run("await mail.pause()")
    await bull.add("second", {})
    call.respond(response())
    await bull.ended("1")
    assert (await client.counts("mail", "waiting")) == {"waiting": 0, "paused": 1}
    assert len(endpoint.seen) == 1
    await bull.run("await mail.resume()")
    assert (await endpoint.next()).job["name"] == "second"


async def test_a_pause_of_corral_stops_a_node_worker(bull: Bull, server: RunningServer, client: Client) -> None:
    await bull.work()
    async with opened(server, "/queues/mail") as queue:
        await queue.ok("pause")
        assert await bull.run("return mail.isPaused()") is True
        await client.add("mail", {"name": "second", "data": {"n": 1}})
        assert await bull.run("return kept.ran") == []
        await queue.ok("resume")
    assert await bull.ran(1) == ["second"]


@pytest.mark.kinds("bullmq6", "postgres")
async def test_node_6_resumes_what_corral_paused(bull: Bull, server: RunningServer, client: Client) -> None:
    await client.add("mail", {"name": "before", "data": {"n": 1}})
    async with opened(server, "/queues/mail") as queue:
        await queue.ok("pause")
    await client.add("mail", {"name": "during", "data": {"n": 1}})
    await bull.add("node during", {})
    await bull.work()
    await bull.run("await mail.resume()")
    assert await bull.ran(3) == ["before", "during", "node during"]


@pytest.mark.kinds("bullmq5")
async def test_a_large_queue_paused_by_node_5_comes_back_whole(
    bull: Bull, server: RunningServer, client: Client
) -> None:
    """More jobs than one call of the script moves."""
    await client.add("mail", *({"name": "before", "data": {"n": n}} for n in range(8000)))
    await bull.run("await mail.pause()")
    await client.add("mail", {"name": "during", "data": {"n": 1}})
    async with opened(server, "/queues/mail") as queue:
        assert await queue.ok("getJobCounts", "waiting") == {"waiting": 0, "paused": 8001}
        await queue.ok("resume")
        assert await queue.ok("getJobCounts", "waiting") == {"waiting": 8001, "paused": 0}
