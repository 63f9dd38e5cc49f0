"""metrics: what ends is counted per minute."""

from corral.model.queue import Metrics, MetricsMeta
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, fail

_MINUTE = 60_000
_START = NOW - NOW % _MINUTE


async def a_queue_in_which_nothing_ended_has_none(store: Store) -> None:
    assert await store.metrics.read(QUEUE, "completed", 0, -1) == Metrics(MetricsMeta(), [], 0)


async def the_newest_whole_minute_comes_first(store: Store) -> None:
    await _complete_in_minutes(store, [3, 2, 0, 1])
    metrics = await store.metrics.read(QUEUE, "completed", 0, -1)
    assert (metrics.data, metrics.count) == ([0, 2, 3], 3)
    assert (metrics.meta.count, metrics.meta.prev_ts) == (6, _START + 3 * _MINUTE)


async def failures_are_counted_by_themselves(store: Store) -> None:
    await _complete_in_minutes(store, [1])
    for minute in (0, 1):
        await add(store, {}, {})
        await fail(store, await claim(store, 2), now=_START + minute * _MINUTE)
    assert (await store.metrics.read(QUEUE, "failed", 0, -1)).data == [2]
    assert (await store.metrics.read(QUEUE, "failed", 0, -1)).meta.count == 4
    assert (await store.metrics.read(QUEUE, "completed", 0, -1)).meta.count == 1


async def a_part_may_be_asked_for(store: Store) -> None:
    await _complete_in_minutes(store, [3, 2, 1, 1])
    part = await store.metrics.read(QUEUE, "completed", 1, 1)
    assert (part.data, part.count) == ([2], 3)
    assert (await store.metrics.read(QUEUE, "completed", 1, -1)).data == [2, 3]
    assert (await store.metrics.read(QUEUE, "completed", 9, 12)).data == []


async def the_last_whole_minute_stands_in_the_description(store: Store) -> None:
    await _complete_in_minutes(store, [3, 2])
    seen = []
    for minute in (1, 2, 3):
        (info,) = await store.directory.describe([QUEUE], _START + minute * _MINUTE)
        assert info is not None
        seen.append(info.per_minute.completed)
    assert seen == [3, 2, 0]


async def _complete_in_minutes(store: Store, per_minute: list[int]) -> None:
    for minute, count in enumerate(per_minute):
        if count:
            await add(store, *({} for _ in range(count)))
            await complete(store, await claim(store, count), now=_START + minute * _MINUTE)
