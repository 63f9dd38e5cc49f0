"""What corral does to a whole queue leaves the data and the events that Node BullMQ leaves."""

from corral.stores.redis.store import RedisStore
from tests.interop.child import Node


async def test_pause_both_ways(node: Node, store: RedisStore, prefix: str) -> None:
    await store.queues.pause("mail")
    assert await node.run("return await queue('mail', prefix).isPaused()", prefix=prefix)
    await node.run("await queue('mail', prefix).resume()", prefix=prefix)
    assert not await store.queues.is_paused("mail")
