"""Posting jobs that are to be refused."""

from typing import Any

from redis import Redis

from tests.acceptance.client import Client
from tests.acceptance.keys import snapshot

JOBS = "/queues/orders/jobs"


def with_opts(**opts: Any) -> list[Any]:
    return [{"name": "n", "data": 1, "opts": opts}]


async def refused(client: Client, redis: Redis, body: Any) -> str:
    """The text of the refusal; not a key of the test's prefix may have changed."""
    prefix = (await client.add("canary", {"name": "n", "data": 1}))[0]["queueQualifiedName"].split(":")[0]
    before = snapshot(redis, prefix)
    reply = await client.call("POST", JOBS, body)
    assert (reply.status, reply.headers["content-type"]) == (400, "text/plain;charset=utf-8")
    assert snapshot(redis, prefix) == before
    return reply.text
