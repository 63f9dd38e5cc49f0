"""Counting in windows of time."""

import asyncio
import time

from corral.store.store import Store

MINUTE = 60_000


def _now() -> int:
    return time.time_ns() // 1_000_000


async def no_more_than_the_most_is_taken(store: Store) -> None:
    take = store.windows.take
    found = await asyncio.gather(*(take("a", 3, MINUTE, _now()) for _ in range(10)))
    assert [one.taken for one in found].count(True) == 3
    assert max(one.used for one in found) == 3
    assert all(0 < one.left_ms <= MINUTE for one in found)
    assert (await take("b", 3, MINUTE, _now())).taken


async def an_amount_is_taken_whole_or_not_at_all(store: Store) -> None:
    take = store.windows.take
    assert (await take("a", 10, MINUTE, _now(), 8)).used == 8
    refused = await take("a", 10, MINUTE, _now(), 3)
    assert (refused.taken, refused.used) == (False, 8)
    assert (await take("a", 10, MINUTE, _now(), 2)).taken


async def what_is_given_back_can_be_taken_again(store: Store) -> None:
    take = store.windows.take
    await take("a", 2, MINUTE, _now(), 2)
    await store.windows.give_back("a", 1)
    assert (await take("a", 2, MINUTE, _now())).taken
    await store.windows.give_back("never", 1)
    assert (await take("never", 1, MINUTE, _now())).taken


async def a_window_ends(store: Store) -> None:
    take = store.windows.take
    assert (await take("a", 1, 1, _now())).taken
    async with asyncio.timeout(30):
        while not (await take("a", 1, 1, _now())).taken:
            pass
