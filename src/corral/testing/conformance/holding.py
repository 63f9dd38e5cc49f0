"""renew, rescue and wait: locks are kept while somebody keeps them, and whoever waits hears of work."""

import asyncio
from time import time

from corral.model.job import ClaimedJob
from corral.model.lease import Held
from corral.model.outcome import Completed
from corral.store.jobs import ClaimRequest, Finished
from corral.store.store import Store
from corral.testing.conformance.given import LOCK_MS, QUEUE, add, ids
from corral.testing.waiting import until

_LONG = 10.0
_SOON = 0.1


async def a_job_without_a_holder_is_rescued(store: Store) -> None:
    await add(store, {}, {}, now=_now())
    await _claim(store, 1, lock_ms=20)
    (kept,) = await _claim(store, 1, lock_ms=60_000)
    assert await _rescued(store) == ["1"]
    assert (await ids(store, "waiting"), await ids(store, "active")) == (["1"], ["2"])
    (again,) = await _claim(store, 1)
    assert (again.job.stalled_counter, again.job.attempts_started, again.deferred_failure) == (1, 2, None)
    problems, _ = await store.jobs.finish(QUEUE, [Finished(kept, Completed(b"1"))], None, _now())
    assert problems == [None]


async def who_stalls_too_often_is_to_fail(store: Store) -> None:
    await add(store, {}, now=_now())
    await _claim(store, 1, lock_ms=20)
    assert await _rescued(store, most=0) == ["1"]
    (again,) = await _claim(store, 1)
    assert "stalled" in str(again.deferred_failure)


async def one_pass_is_made_per_interval(store: Store) -> None:
    await add(store, {}, now=_now())
    await _claim(store, 1, lock_ms=1)
    now = _now()
    for _ in range(3):
        assert await store.jobs.rescue(QUEUE, 1, 60_000, now + 1000) == []


async def a_renewed_lock_holds(store: Store) -> None:
    await add(store, {}, {}, now=_now())
    one, other = await _claim(store, 2, lock_ms=1500)  # in which even a busy machine renews it
    held = [Held(one.job.id, one.token), Held(other.job.id, "strange"), Held("none", "strange")]
    assert set(await store.jobs.renew(QUEUE, held, 60_000)) == {other.job.id, "none"}
    assert await _rescued(store) == [other.job.id]
    assert await ids(store, "active") == [one.job.id]
    assert await store.jobs.renew(QUEUE, [], 60_000) == []


async def whoever_waits_hears_of_an_add(store: Store) -> None:
    waiter = store.jobs.waiter(QUEUE)
    while await waiter.wait(_SOON) is not None:
        pass
    waiting = asyncio.create_task(waiter.wait(_LONG))
    await add(store, {}, now=_now())
    async with asyncio.timeout(_LONG / 2):
        assert await waiting == 0
    await waiter.close()


async def what_came_before_the_wait_is_not_missed(store: Store) -> None:
    waiter = store.jobs.waiter(QUEUE)
    while await waiter.wait(_SOON) is not None:
        pass
    await add(store, {}, now=_now())
    async with asyncio.timeout(_LONG / 2):
        assert await waiter.wait(_LONG) == 0
    await waiter.close()


async def a_delayed_job_is_announced(store: Store) -> None:
    waiter = store.jobs.waiter(QUEUE)
    while await waiter.wait(_SOON) is not None:
        pass
    due = _now() + 60_000
    await add(store, {"delay": 60_000}, now=due - 60_000)
    async with asyncio.timeout(_LONG / 2):
        assert await waiter.wait(_LONG) in (0, due)
    assert (await store.jobs.claim(QUEUE, _request(1), _now())).next_due == due
    await waiter.close()


async def a_sign_may_be_passed_on(store: Store) -> None:
    one, other = store.jobs.waiter(QUEUE), store.jobs.waiter(QUEUE)
    while await other.wait(_SOON) is not None:
        pass
    waiting = asyncio.create_task(other.wait(_LONG))
    await one.pass_on()
    async with asyncio.timeout(_LONG / 2):
        assert await waiting == 0
    await one.close()
    await other.close()


async def _rescued(store: Store, most: int = 1) -> list[str]:
    """What passes find until one finds something."""
    found: list[str] = []

    async def look() -> bool:
        found.extend(await store.jobs.rescue(QUEUE, most, 5, _now()))
        return bool(found)

    await until(look, _LONG)
    return found


async def _claim(store: Store, count: int, lock_ms: int = LOCK_MS) -> list[ClaimedJob]:
    return (await store.jobs.claim(QUEUE, _request(count, lock_ms), _now())).jobs


def _request(count: int, lock_ms: int = LOCK_MS) -> ClaimRequest:
    return ClaimRequest(count=count, owner=f"o{lock_ms}", serial=0, lock_ms=lock_ms)


def _now() -> int:
    return int(time() * 1000)
