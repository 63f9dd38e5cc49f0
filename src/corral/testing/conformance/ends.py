"""ends: each of many outcomes is stored by itself, and only by who holds the job."""

from typing import Any

import msgspec

from corral.model.errors import LockLost
from corral.model.job import ClaimedJob
from corral.model.lease import Held
from corral.model.outcome import Completed, Failed, Outcome, Postponed, Released
from corral.store.jobs import Finished
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, counts, ids

DONE = Completed(b"1")


async def every_outcome_has_its_place(store: Store) -> None:
    await add(store, {}, {"attempts": 2}, {"attempts": 2}, {"attempts": 2, "backoff": 5000}, {}, {})
    held = await claim(store, 6)
    outcomes: tuple[Outcome, ...] = (
        DONE, Failed("no", unrecoverable=True), Failed("no"), Failed("no"), Released(), Postponed(1000),
    )  # fmt: skip
    assert await _end(store, *zip(held, outcomes, strict=True)) == [None] * 6
    assert await ids(store, "completed") == ["1"]
    assert await ids(store, "failed") == ["2"]
    assert set(await ids(store, "waiting")) == {"3", "5"}
    assert await ids(store, "delayed") == ["6", "4"]


async def an_end_that_comes_twice_counts_once(store: Store) -> None:
    for outcome in (DONE, Failed("no", unrecoverable=True), Released(), Postponed(60_000)):
        await add(store, {})
        (held,) = await claim(store, 1)
        first, second = await _end(store, (held, outcome), (held, outcome))
        assert first is None, outcome
        assert isinstance(second, Exception), outcome
        if outcome == Released():
            await claim(store, 1)
    assert await counts(store, "completed", "failed", "active", "delayed", "waiting") == (1, 1, 1, 1, 0)


async def a_strange_token_spoils_its_own_job_only(store: Store) -> None:
    await add(store, {}, {}, {})
    one, other, third = await claim(store, 3)
    stolen = msgspec.structs.replace(other, token=one.token)
    strange = msgspec.structs.replace(third, token="strange")
    first, second, *others = await _end(store, (one, DONE), (stolen, DONE), (strange, DONE), (strange, Released()))
    assert first is None
    assert isinstance(second, LockLost)
    assert all(isinstance(problem, LockLost) for problem in others)
    assert await counts(store, "completed", "active") == (1, 2)
    assert await _end(store, (other, DONE), (third, Released())) == [None, None]


async def only_the_holder_renews(store: Store) -> None:
    await add(store, {}, {}, {})
    one, other, third = await claim(store, 3)
    await _end(store, (third, DONE))
    strange = msgspec.structs.replace(other, token="strange")
    held = [_held(job) for job in (one, strange, third)]
    assert set(await store.jobs.renew(QUEUE, held, 60_000)) == {other.job.id, third.job.id}


async def _end(store: Store, *ended: Any) -> list[Exception | None]:
    finished = [Finished(job, outcome) for job, outcome in ended]
    return (await store.jobs.finish(QUEUE, finished, None, NOW))[0]


def _held(job: ClaimedJob) -> Held:
    return Held(job.job.id, job.token)
