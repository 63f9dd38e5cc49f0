"""registry: registered endpoints are kept, and every change is heard of."""

import asyncio

from corral.store.store import Store

_SOON, _LONG = 0.1, 10.0


async def records_are_kept_byte_for_byte(store: Store) -> None:
    assert await store.registry.all() == {}
    await store.registry.put("one", b"\x00first\xff")
    await store.registry.put("two", b"{}")
    await store.registry.put("one", b"second")
    assert await store.registry.all() == {"one": b"second", "two": b"{}"}


async def a_record_is_removed_once(store: Store) -> None:
    await store.registry.put("one", b"{}")
    assert await store.registry.remove("one")
    assert not await store.registry.remove("one")
    assert await store.registry.all() == {}


async def every_change_comes_after_the_cursor(store: Store) -> None:
    begin = await store.registry.cursor()
    await store.registry.put("one", b"{}")
    await store.registry.announce("two")
    await store.registry.remove("one")
    await store.registry.remove("never there")
    after, changed = await store.registry.changes(begin, _LONG)
    assert changed == ["one", "two", "one"]
    assert await store.registry.cursor() == after
    assert await store.registry.changes(after, _SOON) == (after, [])


async def a_change_ends_the_waiting(store: Store) -> None:
    after = await store.registry.cursor()
    for queue in ("one", "two"):
        waiting = asyncio.create_task(store.registry.changes(after, _LONG))
        await store.registry.put(queue, b"{}")
        after, changed = await waiting
        assert changed == [queue]


async def changes_at_once_are_all_heard_of(store: Store) -> None:
    after = await store.registry.cursor()
    await asyncio.gather(*(store.registry.put(f"q{number}", b"{}") for number in range(20)))
    heard: set[str] = set()
    while len(heard) < 20:
        after, changed = await store.registry.changes(after, _LONG)
        heard.update(changed)
    assert heard == set(await store.registry.all())
