"""Deduplication ids: held by a job until it ends, somebody clears the id, or its job releases it."""

from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add


async def a_deduplication_id_is_held_by_a_job(store: Store) -> None:
    (job,) = await add(store, {"deduplication": {"id": "one"}})
    assert await add(store, {"deduplication": {"id": "one"}}) == [job]
    assert await store.deduplication.holder(QUEUE, "one") == job
    assert await store.deduplication.holder(QUEUE, "two") is None
    assert await store.deduplication.clear(QUEUE, "one")
    assert not await store.deduplication.clear(QUEUE, "one")
    assert await add(store, {"deduplication": {"id": "one"}}) != [job]


async def a_job_releases_only_what_it_holds(store: Store) -> None:
    (first,) = await add(store, {"deduplication": {"id": "one"}})
    await store.deduplication.clear(QUEUE, "one")
    (second,) = await add(store, {"deduplication": {"id": "one"}}, now=NOW + 1)
    (plain,) = await add(store, {})
    assert not await store.deduplication.release(QUEUE, first)
    assert not await store.deduplication.release(QUEUE, plain)
    assert await store.deduplication.release(QUEUE, second)
