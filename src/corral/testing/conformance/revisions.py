"""revisions: a scheduler is changed or removed only as it was read, if that is asked for."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from corral.lifecycle.schedule import advance
from corral.model.errors import PreconditionFailed
from corral.model.scheduler import StoredScheduler
from corral.policy.scheduling import new_scheduler
from corral.store.schedulers import ANY_REVISION
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, claim, complete, counts, ids

MINUTE = 60_000


async def a_change_makes_another_revision_and_a_run_does_not(store: Store) -> None:
    await _put(store, every=MINUTE)
    first = await _get(store)
    (claimed,) = await claim(store, 1)
    await advance(store, QUEUE, claimed, NOW)
    await complete(store, [claimed])
    ran = await _get(store)
    assert first.revision == ran.revision != ""
    assert first.scheduler != ran.scheduler
    revisions = {ran.revision}
    for repeat in (
        {"every": 2 * MINUTE},
        {"every": 2 * MINUTE, "limit": 9},
        {"pattern": "@daily"},
        {"pattern": "@hourly"},
    ):
        await _put(store, **repeat)
        revisions.add((await _get(store)).revision)
    assert len(revisions) == 5
    await store.schedulers.put(QUEUE, new_scheduler("s", "tick", b"3", {"pattern": "@hourly"}, {}, NOW), NOW)
    assert (await _get(store)).revision not in revisions
    (listed,) = await store.schedulers.between(QUEUE, 0, -1, True)
    assert listed.revision == (await _get(store)).revision


async def a_change_wants_the_revision_that_was_read(store: Store) -> None:
    hourly, daily = (new_scheduler("s", "tick", b"1", {"pattern": which}, {}, NOW) for which in ("@hourly", "@daily"))
    for revision in ("", "other", ANY_REVISION):
        await _refused(store.schedulers.put(QUEUE, hourly, NOW, revision))
        await _refused(store.schedulers.remove(QUEUE, "s", revision))
    assert await store.schedulers.count(QUEUE) == 0
    await store.schedulers.put(QUEUE, hourly, NOW)
    read = (await _get(store)).revision
    put = await store.schedulers.put(QUEUE, daily, NOW, read)
    assert put.stored is not None
    assert put.stored.scheduler.pattern == "@daily"
    await _refused(store.schedulers.put(QUEUE, hourly, NOW, read))
    await _refused(store.schedulers.remove(QUEUE, "s", read))
    after = await _get(store)
    assert (after.scheduler.pattern, await ids(store, "delayed")) == ("@daily", [f"repeat:s:{after.scheduler.next}"])
    await store.schedulers.put(QUEUE, hourly, NOW, ANY_REVISION)
    assert await store.schedulers.remove(QUEUE, "s", (await _get(store)).revision)
    assert await counts(store, "waiting", "delayed") == (0, 0)


async def one_of_many_changes_wins(store: Store) -> None:
    await _put(store, every=MINUTE)
    read = (await _get(store)).revision
    new = [new_scheduler("s", f"n{n}", b"{}", {"every": MINUTE}, {}, NOW) for n in range(10)]
    puts = (store.schedulers.put(QUEUE, one, NOW, read) for one in new)
    found = await asyncio.gather(*puts, return_exceptions=True)
    assert sum(isinstance(one, PreconditionFailed) for one in found) == 9, found
    removes = [store.schedulers.remove(QUEUE, "s", (await _get(store)).revision) for _ in range(5)]
    gone = await asyncio.gather(*removes, return_exceptions=True)
    assert sum(one is True for one in gone) == 1, gone


async def _refused(change: Awaitable[object]) -> None:
    try:
        await change
    except PreconditionFailed:
        return
    raise AssertionError("it was not refused")


async def _put(store: Store, **repeat: Any) -> None:
    await store.schedulers.put(QUEUE, new_scheduler("s", "tick", b'{"n":1}', repeat, {"attempts": 2}, NOW), NOW)


async def _get(store: Store) -> StoredScheduler:
    found = await store.schedulers.get(QUEUE, "s")
    assert found is not None
    return found
