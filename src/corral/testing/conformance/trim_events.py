"""trim_events: old events go, new ones stay."""

from corral.store.store import Store
from corral.testing.conformance.given import QUEUE, add


async def old_events_go(store: Store) -> None:
    for _ in range(5):
        await add(store, *({} for _ in range(200)))
    last = await store.events.last_id(QUEUE)
    trimmed = await store.queue_moves.trim_events(QUEUE, 100)
    assert 0 < trimmed <= 1900
    assert await store.events.last_id(QUEUE) == last


async def a_queue_without_events_has_none_to_drop(store: Store) -> None:
    assert await store.queue_moves.trim_events(QUEUE, 10) == 0
