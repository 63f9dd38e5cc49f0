"""A queue's counts in Prometheus' format are the text that Node BullMQ makes."""

from typing import Any

import pytest

from corral.stores.redis.store import RedisStore
from corral.testing.conformance.given import add, claim, complete, fail
from corral.testing.server import RunningServer
from tests.acceptance.client import Client
from tests.acceptance.sockets import opened
from tests.interop.child import Node

NOW = 1_700_000_000_000
LABELS: list[Any] = [None, {}, {"env": "test"}, {"env": 'a"b\\c\nd', "n": 3, "is": True, "half": 0.5, "whole": 2.0}]


@pytest.mark.parametrize("version", [5, 6])
async def test_the_same_text(
    node: Node, store: RedisStore, server: RunningServer, client: Client, prefix: str, version: int
) -> None:
    await add(store, {}, {}, {}, {"priority": 5}, {"delay": 60_000}, now=NOW, queue="mail")
    done, broken = await claim(store, 2, now=NOW, queue="mail")
    await complete(store, [done], now=NOW, queue="mail")
    await fail(store, [broken], now=NOW, queue="mail")
    code = "return await queue('mail', prefix, {}, version).exportPrometheusMetrics(labels ?? undefined)"
    async with opened(server, "/queues/mail") as socket:
        for labels in LABELS:
            theirs = await node.run(code, prefix=prefix, labels=labels, version=version)
            ours = await socket.ok("exportPrometheusMetrics", *([] if labels is None else [labels]))
            reply = await client.call("POST", "/v1/queues/mail/prometheus", {"labels": labels or {}})
            assert reply.json() == {"text": ours}
            assert (ours if version == 5 else _without_paused(ours)) == theirs


def _without_paused(text: str) -> str:
    """BullMQ 6 has no such state."""
    return "\n".join(line for line in text.split("\n") if 'state="paused"' not in line)


async def test_a_label_that_prometheus_does_not_take(client: Client) -> None:
    reply = await client.call("POST", "/v1/queues/mail/prometheus", {"labels": {"a-b": "c"}})
    assert reply.status in (400, 422)
