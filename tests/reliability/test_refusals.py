"""An engine that answers, but refuses for now: callers hear 503 and workers wait."""

import pytest

from corral.testing.engines import RunningEngine
from corral.testing.server import running_server
from tests.acceptance.client import Client
from tests.reliability.conftest import Connect
from tests.reliability.counting import CountingEndpoint

PLAIN = {"name": "order", "data": {"n": 1}}
LATER = {"name": "order", "data": {"n": 1}, "opts": {"delay": 1}}
REFUSALS = {
    "OOM": (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0")),
    "READONLY": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "NOREPLICAS": (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_refusal_that_will_pass(
    engine: RunningEngine, counting: CountingEndpoint, connect: Connect, code: str
) -> None:
    begin, end = REFUSALS[code]
    store = await connect(engine.url)
    async with running_server(engine.url, grace=0.1) as server:
        client = Client(server.port)
        await client.register("orders", counting.url)
        [first] = await client.add("orders", PLAIN)
        await client.finished("orders", first["id"])
        await store.connection.send(*begin)
        for jobs in ([PLAIN], [LATER], [LATER, LATER], [PLAIN, LATER]):
            refused = await client.call("POST", "/queues/orders/jobs", jobs)
            assert (refused.status, refused.text.split()[0]) == (503, code)
        registered = await client.call(
            "POST", "/workers", {"queue": "later", "endpoint": {"url": counting.url, "method": "POST"}}
        )
        assert registered.status == 503
        assert (await client.counts("orders"))["completed"] == 1
        await store.connection.send(*end)
        await client.add("orders", PLAIN, LATER)
        await counting.has_seen(3)
