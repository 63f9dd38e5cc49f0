"""Jobs for the cases: how they are added, claimed and ended."""

from typing import Any

import msgspec

from corral.model.job import ClaimedJob, NewJob
from corral.model.outcome import Completed, Failed
from corral.store.jobs import ClaimRequest, Finished
from corral.store.store import Store

NOW = 1_795_000_000_000
QUEUE = "conformance"
LOCK_MS = 60_000


def add(store: Store, *opts: dict[str, Any], now: int = NOW, queue: str = QUEUE) -> Any:
    """Awaitable: the ids of jobs with these options, named `job 0`, `job 1`, ..."""
    jobs = [NewJob(f"job {i}", b'{"n":%d}' % i, {"attempts": 0, **one}) for i, one in enumerate(opts)]
    return store.jobs.add(queue, jobs, now)


async def claim(store: Store, count: int, *, now: int = NOW, queue: str = QUEUE) -> list[ClaimedJob]:
    request = ClaimRequest(count=count, owner="conformance", serial=0, lock_ms=LOCK_MS)
    return (await store.jobs.claim(queue, request, now)).jobs


async def complete(store: Store, held: list[ClaimedJob], *, now: int = NOW, queue: str = QUEUE) -> None:
    await _finish(store, [Finished(one, Completed(b'"done"')) for one in held], now, queue)


async def fail(store: Store, held: list[ClaimedJob], *, now: int = NOW, queue: str = QUEUE) -> None:
    """For good: no attempts are left."""
    await _finish(store, [Finished(one, Failed("broken", unrecoverable=True)) for one in held], now, queue)


async def ids(store: Store, state: str, queue: str = QUEUE) -> list[str]:
    """The ids in the state, oldest first."""
    return [job.id for job in await store.jobs.in_states(queue, [state], 0, -1, True)]


async def counts(store: Store, *states: str, queue: str = QUEUE) -> tuple[int, ...]:
    return tuple((await store.queues.counts(queue, states)).values())


def value(raw: Any) -> Any:
    """What the JSON says; engines may write the same value differently."""
    return msgspec.json.decode(raw)


async def _finish(store: Store, ended: list[Finished], now: int, queue: str) -> None:
    problems, _ = await store.jobs.finish(queue, ended, None, now)
    assert not any(problems), problems
