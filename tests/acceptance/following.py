"""Watching which queues a server works, and who runs their jobs."""

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer


async def works(server: RunningServer, *queues: str) -> None:
    await until(lambda: sorted(server.process.worker_queues) == sorted(queues))


async def owner(client: Client, endpoint: EndpointServer) -> str:
    """Who runs the next job of `orders`: the part of its lock's token that a worker keeps for life."""
    await client.add("orders", {"name": "n", "data": 1})
    return (await endpoint.next()).token.rpartition(":")[0]
