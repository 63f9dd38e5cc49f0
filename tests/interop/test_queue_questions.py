"""Questions about a queue are answered on corral's socket as Node BullMQ 6 answers them."""

from typing import Any

import pytest

from corral.model.endpoint import Limiter
from corral.stores.redis.store import RedisStore
from corral.testing.conformance.given import add, claim, complete, fail
from corral.testing.server import RunningServer
from tests.acceptance.client import Client
from tests.acceptance.sockets import opened
from tests.interop.child import Node

NOW = 1_700_000_000_000
QUESTIONS: list[tuple[Any, ...]] = [
    ("isPaused",), ("isMaxed",), ("getVersion",), ("getMeta",), ("count",), ("getWorkersCount",),
    ("getGlobalConcurrency",), ("getGlobalRateLimit",),
    ("getCountsPerPriority", [0, 1, 5, 7, 5]),
    ("getJobCountByTypes", "waiting", "failed"),
    *((f"get{state}Count",) for state in ("Active", "Completed", "Delayed", "Failed", "Prioritized", "Waiting")),
    ("getWaitingChildrenCount",),
    *(("getMetrics", ending, *ends) for ending in ("completed", "failed") for ends in ((), (0, 0), (1, 5), (-1, -1))),
]  # fmt: skip


async def _fill(store: RedisStore, queue: str) -> None:
    await add(store, *({} for _ in range(6)), {"priority": 5}, {"priority": 1}, {"delay": 60_000}, now=NOW, queue=queue)
    for minute in range(4):
        done, *broken = await claim(store, 1 + minute % 2, now=NOW, queue=queue)
        await complete(store, [done], now=NOW + minute * 90_000, queue=queue)
        await fail(store, broken, now=NOW + minute * 90_000, queue=queue)


@pytest.mark.parametrize("limited", [False, True])
async def test_the_same_answers(
    node: Node, store: RedisStore, server: RunningServer, prefix: str, limited: bool
) -> None:
    await _fill(store, "mail")
    await node.run(
        "await queue('mail', prefix).waitUntilReady(); await queue('mail', prefix).getVersion()", prefix=prefix
    )
    if limited:
        await store.queue_limits.set_concurrency("mail", 1)
        await store.queue_limits.set_rate_limit("mail", Limiter(5, 60_000))
        await claim(store, 1, now=NOW, queue="mail")
    async with opened(server, "/queues/mail") as socket:
        for fn, *args in QUESTIONS:
            theirs = await node.run("return await queue('mail', prefix)[fn](...args)", prefix=prefix, fn=fn, args=args)
            assert await socket.ok(fn, *args) == theirs, fn


async def test_how_long_a_rate_limit_lasts(node: Node, store: RedisStore, server: RunningServer, prefix: str) -> None:
    await store.queue_limits.set_rate_limit("mail", Limiter(1, 60_000))
    await add(store, {}, {}, queue="mail")
    await claim(store, 1, queue="mail")
    theirs = await node.run("return await queue('mail', prefix).getRateLimitTtl()", prefix=prefix)
    async with opened(server, "/queues/mail") as socket:
        assert 0 <= theirs - await socket.ok("getRateLimitTtl") < 10_000
        assert await socket.ok("getRateLimitTtl", 5) == 0
    assert await node.run("return await queue('mail', prefix).getRateLimitTtl(5)", prefix=prefix) == 0


async def test_node_sees_what_corral_counted(node: Node, store: RedisStore, client: Client, prefix: str) -> None:
    await _fill(store, "mail")
    theirs = await node.run("return await queue('mail', prefix).getMetrics('completed')", prefix=prefix)
    assert theirs == (await client.call("GET", "/v1/queues/mail/metrics/completed")).json()
    assert (theirs["data"], theirs["meta"]["count"]) == ([1, 0, 1, 1], 4)


async def test_queues_that_node_made_are_listed(node: Node, client: Client, prefix: str) -> None:
    for version in (5, 6):
        code = "const q = queue(name, prefix, {}, version); await q.waitUntilReady(); await q.getVersion()"
        await node.run(code, name=f"node-{version}", version=version, prefix=prefix)
    queues = (await client.call("GET", "/v1/queues")).json()["queues"]
    assert [(queue["name"], queue["version"][:8]) for queue in queues] == [
        ("node-5", "bullmq:5"),
        ("node-6", "bullmq:6"),
    ]
