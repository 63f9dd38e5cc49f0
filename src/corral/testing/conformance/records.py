"""Records by kind and id, changed in one step."""

import asyncio

from corral.store.store import Store


async def a_record_is_found_by_kind_and_id(store: Store) -> None:
    records = store.records
    await records.put("apps", "1", b"one")
    await records.put("apps", "2", b"\x00two\xff")
    await records.put("keys", "1", b"other")
    await records.put("apps", "1", b"ONE")
    assert await records.get("apps", "1") == b"ONE"
    assert await records.get("apps", "3") is None
    _, found = await records.all("apps")
    assert found == {"1": b"ONE", "2": b"\x00two\xff"}


async def a_swap_wants_what_is_there(store: Store) -> None:
    records = store.records
    assert not await records.swap("apps", "1", b"one", b"two")
    assert await records.swap("apps", "1", None, b"one")
    assert not await records.swap("apps", "1", None, b"two")
    assert not await records.swap("apps", "1", b"two", None)
    assert await records.swap("apps", "1", b"one", b"two")
    assert await records.swap("apps", "1", b"two", None)
    assert await records.get("apps", "1") is None
    assert await records.swap("apps", "1", None, b"again")


async def of_many_swaps_at_once_one_wins(store: Store) -> None:
    await store.records.put("apps", "1", b"old")
    won = await asyncio.gather(*(store.records.swap("apps", "1", b"old", b"%d" % n) for n in range(20)))
    assert won.count(True) == 1


async def the_revision_grows_with_every_change_of_its_kind(store: Store) -> None:
    records = store.records
    assert await records.revisions(["apps", "keys"]) == [0, 0]
    await records.put("apps", "1", b"one")
    first, keys = await records.revisions(["apps", "keys"])
    assert first > 0
    assert keys == 0
    await records.swap("apps", "1", b"one", None)
    await records.swap("apps", "1", b"one", b"two")
    [second] = await records.revisions(["apps"])
    assert second > first
    assert await records.all("apps") == (second, {})
