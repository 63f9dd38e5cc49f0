"""Workers that die: whoever is left brings their jobs back."""

from collections.abc import Iterator

import pytest

from corral.testing.engines import RunningEngine
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.sockets import opened
from tests.interop.bull import Bull
from tests.interop.child import Node

LOCK = 600  # ms
RENEWED = 2000  # a busy machine has to renew it in time


@pytest.fixture
def mortal(engine: RunningEngine) -> Iterator[Node]:
    """A Node process of this test's own, to be killed."""
    node = Node(str(engine.socket_path))
    yield node
    node.stop()


@pytest.fixture
def doomed(mortal: Node, bull: Bull) -> Bull:
    return Bull(mortal, bull.prefix, bull.version)


async def test_corral_rescues_jobs_of_a_killed_node_worker(
    doomed: Bull, bull: Bull, serve: Serve, endpoint: EndpointServer
) -> None:
    server = await serve(stalled_interval=100)
    client = Client(server.port)
    await doomed.work("await new Promise(() => {})", lockDuration=LOCK, skipStalledCheck=True)
    await bull.add("welcome", {"to": "ann"})
    await doomed.ran(1)
    doomed.node.kill()
    async with opened(server, f"/queues/mail/events?events=stalled&token={server.token}") as events:
        await events.ok("on")
        await client.register("mail", endpoint.url)
        assert (await endpoint.next()).job["id"] == "1"
        assert (await events.event())[1][0] == {"jobId": "1"}
    ended = await bull.ended()
    assert (ended["returnvalue"], ended["attemptsMade"], ended["stalledCounter"]) == ({"ok": True}, 1, 1)


async def test_node_rescues_jobs_of_a_corral_that_left(bull: Bull, serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    server = await serve(lock_duration=LOCK, stalled_interval=100)
    await Client(server.port).register("mail", endpoint.url)
    await bull.add("welcome", {"to": "ann"})
    await endpoint.next()
    await server.process.stop(0)
    assert (await bull.counts())["active"] == 1
    await bull.work("return 'rescued'", stalledInterval=50, lockDuration=5000)
    ended = await bull.ended()
    assert (ended["returnvalue"], ended["stalledCounter"]) == ("rescued", 1)


async def test_a_job_that_stalls_too_often_fails(
    doomed: Bull, bull: Bull, serve: Serve, endpoint: EndpointServer
) -> None:
    server = await serve(stalled_interval=100)
    await doomed.work("await new Promise(() => {})", lockDuration=LOCK, skipStalledCheck=True)
    await bull.add("welcome", {"to": "ann"})
    await doomed.ran(1)
    doomed.node.kill()
    await Client(server.port).register("mail", endpoint.url, opts={"maxStalledCount": 0})
    ended = await bull.ended()
    assert ended["failedReason"] == "job stalled more than allowable limit"
    assert endpoint.seen == []


async def test_neither_side_takes_jobs_of_the_living(bull: Bull, serve: Serve, endpoint: EndpointServer) -> None:
    """Locks are renewed for as long as a job runs, longer than both sides' patience."""
    endpoint.script = hold
    server = await serve(stalled_interval=100, lock_duration=RENEWED)
    client = Client(server.port)
    await client.add("mail", {"name": "welcome", "data": {"n": 1}}, {"name": "welcome", "data": {"n": 2}})
    await client.register("mail", endpoint.url)
    call = await endpoint.next()
    await bull.work("await new Promise((done) => { kept.done = done; })", lockDuration=RENEWED, stalledInterval=100)
    await bull.ran(1)
    renewed = await bull.run("return Date.now() + lock + 300", lock=RENEWED)
    await until(lambda: bull.run("return Date.now() > renewed", renewed=renewed))
    assert (await bull.counts())["active"] == 2
    await bull.run("kept.done()")
    call.respond(response())
    for id in ("1", "2"):
        ended = await bull.ended(id)
        assert (ended["attemptsMade"], ended["stalledCounter"]) == (1, 0)
