"""Upkeep of a queue, and questions about its listeners, as Node BullMQ does and answers them."""

from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from tests.acceptance.client import Client
from tests.acceptance.sockets import opened
from tests.interop.child import Node
from tests.interop.twins import Twins
from tests.v1.test_queue_upkeep import leave

SCENE = """
    await mail.addBulk([
        { name: 'a', data: {} }, { name: 'b', opts: { delay: 60000 } }, { name: 'c', opts: { priority: 2 } },
        { name: 'd', opts: { jobId: 'own' } }, { name: 'e', opts: { deduplication: { id: 'd' } } }]);
    await mail.upsertJobScheduler('s', { pattern: '@daily' });
    const w = worker('mail', prefix, null, { autorun: false });
    await (await w.getNextJob('token')).moveToCompleted(1, 'token', false);
    await w.getNextJob('token');
    await flows(prefix).add({ name: 'p', queueName: 'mail', opts: { jobId: 'p' }, children: [
        { name: 'c', queueName: 'mail', opts: { jobId: 'c1' } }] });
"""


@pytest.fixture
def twins(redis: Redis, node: Node, client: Client, prefix: str) -> Twins:
    return Twins(redis, node, client, prefix)


async def test_orphans(twins: Twins, redis: Redis) -> None:
    await twins.set(SCENE)
    for prefix in (twins.ours, twins.theirs):
        leave(redis, prefix, "100", "lost", "c7")
        redis.rpush(f"{prefix}:mail:200:logs", "row")
    ours = await twins.corral("POST", "/remove-orphaned-jobs", {})
    assert ours == {"removed": await twins.node("return mail.removeOrphanedJobs()")} == {"removed": 4}
    twins.assert_alike()


async def test_the_deprecated_priority_key(twins: Twins, redis: Redis) -> None:
    await twins.set(SCENE)
    for prefix in (twins.ours, twins.theirs):
        redis.zadd(f"{prefix}:mail:priority", {"1": 1})
    for left in (1, 0):
        ours = await twins.corral("DELETE", "/deprecated-priority-key")
        assert ours == {"removed": await twins.node("return mail.removeDeprecatedPriorityKey()")} == {"removed": left}
    twins.assert_alike()


async def test_delayed_jobs_up_to_a_time(node: Node, client: Client, server: RunningServer, prefix: str) -> None:
    at = 2_000_000_000_000
    delays = [1000, 1000, 1000, 2000, 5000]
    adding = "for (const delay of delays) await queue('mail', prefix).add('n', {}, { delay, timestamp: at })"
    await node.run(adding, prefix=prefix, delays=delays, at=at)
    async with opened(server, "/queues/mail") as socket:
        for args in ((), (0,), (-1,), (at + 1000,), (at + 1001,), (at + 2000,), (at + 2001,), (2**53 - 1,)):
            theirs = await node.run("return queue('mail', prefix).getDelayedCount(...args)", prefix=prefix, args=args)
            assert await socket.ok("getDelayedCount", *args) == theirs, args


@pytest.mark.parametrize("version", [5, 6])
async def test_who_follows_the_events(node: Node, server: RunningServer, prefix: str, version: int) -> None:
    following = "await events('mail', prefix, {}, version).waitUntilReady()"
    await node.run(following, prefix=prefix, version=version)
    await node.run(following.replace("mail", "other"), prefix=prefix, version=version)
    theirs = await node.run(
        "return queue('mail', prefix, {}, version).getQueueEvents()", prefix=prefix, version=version
    )
    async with opened(server, "/queues/mail") as socket:
        ours = await socket.ok("getQueueEvents")
    assert len(ours) == 1
    assert _steady(ours) == _steady(theirs)


def _steady(clients: list[dict[str, Any]]) -> list[Any]:
    """Without what changes while a connection waits."""
    return [{name: one[name] for name in ("id", "addr", "name", "rawname", "cmd")} for one in clients]
