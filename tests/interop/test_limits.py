"""Limits that Node sets for a whole queue hold for corral's workers, and corral's for Node's."""

from corral.testing.server import RunningServer
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.sockets import opened
from tests.interop.bull import Bull


async def test_global_concurrency(bull: Bull, server: RunningServer, client: Client, endpoint: EndpointServer) -> None:
    """Over all workers of the queue: an endpoint, a WebSocket and one of Node's."""
    await bull.run("await mail.setGlobalConcurrency(2)")
    endpoint.script = hold
    await client.add("mail", *({"name": "welcome", "data": {"n": n}} for n in range(6)))
    await client.register("mail", endpoint.url, opts={"concurrency": 5})
    calls = await endpoint.take(2)
    async with opened(server, "/queues/mail/process/5"):
        await bull.work(concurrency=5)
        assert (await bull.counts())["active"] == 2
        assert (len(endpoint.seen), await bull.run("return kept.ran")) == (2, [])
        await bull.run("await kept.worker.close()")
    endpoint.script = lambda call: response()
    for call in calls:
        call.respond(response())
    await bull.ended("6")
    assert endpoint.most_at_once == 2
    await bull.run("await mail.removeGlobalConcurrency()")
    endpoint.script = hold
    await client.add("mail", *({"name": "welcome", "data": {"n": n}} for n in range(5)))
    await endpoint.take(9)
    assert (await bull.counts())["active"] == 5


async def test_global_rate_limit(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await bull.run("await mail.setGlobalRateLimit(2, 200)")
    await client.add("mail", *({"name": "welcome", "data": {"n": n}} for n in range(5)))
    await client.register("mail", endpoint.url, opts={"concurrency": 5})
    begun = [call.job["processedOn"] for call in await endpoint.take(5)]
    assert begun[2] - begun[0] >= 190
    assert begun[4] - begun[2] >= 190


async def test_a_limit_of_corrals_worker_holds_for_node(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    """A limiter counts in the queue, so that workers of both kinds share it."""
    limiter = {"max": 1, "duration": 300}
    await client.add("mail", *({"name": "welcome", "data": {"n": n}} for n in range(2)))
    await client.register("mail", endpoint.url, opts={"concurrency": 5, "limiter": limiter})
    first = await endpoint.next()
    await client.call("DELETE", "/workers/mail")
    await bull.work("return Date.now()", limiter=limiter)
    assert (await bull.ended("2"))["returnvalue"] - first.job["processedOn"] >= 290


async def test_a_queue_that_node_holds_back(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    """`rateLimit` of a Node program pauses corral's workers with a limiter, too."""
    await client.add("mail", {"name": "welcome", "data": {"n": 1}})
    await bull.run("await mail.rateLimit(200)")
    held = await bull.run("return Date.now() + await mail.getRateLimitTtl(1)")
    await client.register("mail", endpoint.url, opts={"limiter": {"max": 1, "duration": 1000}})
    assert (await endpoint.next()).job["processedOn"] >= held - 10
