"""events: what happens in a queue can be read from any place, and waited for."""

import asyncio
import time

from corral.store.store import Store
from corral.testing.conformance.given import QUEUE, add

_SOON, _LONG = 0.1, 10.0


async def a_queue_without_events_has_a_place_from_which_to_read(store: Store) -> None:
    last = await store.events.last_id(QUEUE)
    assert await store.events.since(QUEUE, last, 10) == []
    assert await store.events.oldest_id(QUEUE) is None
    await store.queues.pause(QUEUE)
    assert [event.name for event in await store.events.since(QUEUE, last, 10)] == ["paused"]


async def events_come_in_order_and_with_their_fields(store: Store) -> None:
    begin, now = await store.events.last_id(QUEUE), time.time() * 1000
    (job_id,) = await add(store, {"delay": 60_000})
    added, delayed = await store.events.since(QUEUE, begin, 10)
    assert (added.name, added.fields) == ("added", {"jobId": job_id, "name": "job 0"})
    assert (delayed.name, delayed.fields["jobId"]) == ("delayed", job_id)
    assert delayed.fields["delay"].isdigit()
    assert all(abs(event.at - now) < 60_000 for event in (added, delayed))
    assert await store.events.since(QUEUE, added.id, 10) == [delayed]
    assert await store.events.since(QUEUE, begin, 1) == [added]
    assert await store.events.last_id(QUEUE) == delayed.id
    assert await store.events.oldest_id(QUEUE) == added.id


async def a_reader_gives_what_is_stored_at_once(store: Store) -> None:
    begin = await store.events.last_id(QUEUE)
    await add(store, {}, {})
    reader = store.events.reader(QUEUE)
    first = await reader.read(begin, _LONG, 3)
    rest = await reader.read(first[-1].id, _LONG, 3)
    assert [event.name for event in [*first, *rest]] == ["added", "waiting"] * 2
    assert await reader.read(rest[-1].id, _SOON) == []
    await reader.close()


async def a_reader_waits_for_the_next_event(store: Store) -> None:
    reader = store.events.reader(QUEUE)
    after = await store.events.last_id(QUEUE)
    assert await reader.read(after, _SOON) == []
    for name, act in (("paused", store.queues.pause), ("resumed", store.queues.resume)):
        reading = asyncio.create_task(reader.read(after, _LONG))
        await act(QUEUE)
        (event,) = await reading
        assert event.name == name
        after = event.id
    await reader.close()


async def a_reader_hears_of_its_queue_alone(store: Store) -> None:
    reader = store.events.reader(QUEUE)
    after = await store.events.last_id(QUEUE)
    await store.queues.pause("another")
    assert await reader.read(after, _SOON) == []
    await reader.close()


async def every_reader_hears_everything(store: Store) -> None:
    after = await store.events.last_id(QUEUE)
    readers = [store.events.reader(QUEUE) for _ in range(3)]
    reading = [asyncio.create_task(reader.read(after, _LONG)) for reader in readers]
    await store.queues.pause(QUEUE)
    assert [[event.name for event in events] for events in await asyncio.gather(*reading)] == [["paused"]] * 3
    for reader in readers:
        await reader.close()
