"""Jobs of groups for the cases, and a worker that sees to it that no two of a group run at once."""

from collections.abc import Awaitable
from typing import Any

from corral.model.job import ClaimedJob
from corral.model.outcome import Outcome
from corral.policy.groups import group_of
from corral.store.jobs import Finished
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, claim, complete


def in_group(group: str, **opts: Any) -> dict[str, Any]:
    return {"group": {"id": group}, **opts}


def two_in_group(group: str, **opts: Any) -> dict[str, Any]:
    """Two of the group may run at once."""
    return {"group": {"id": group, "limit": 2}, **opts}


async def work_off(store: Store, count: int) -> list[str]:
    """Claim up to `count` and complete them until nothing is left; the ids in the order of the claims."""
    done: list[str] = []
    while held := await claim(store, count):
        _check(held)
        done += [one.job.id for one in held]
        await complete(store, held)
    return done


async def end(store: Store, held: list[ClaimedJob], outcome: Outcome) -> None:
    problems, _ = await store.jobs.finish(QUEUE, [Finished(one, outcome) for one in held], None, NOW)
    assert not any(problems), problems


async def rescue(engine: Store) -> None:
    """Bring a job back whose lock is over: by the engine's clock, or by the one that it is told."""
    now = NOW
    while not await engine.jobs.rescue(QUEUE, 5, 1, now):
        now += 10


async def ids_of(held: Awaitable[list[ClaimedJob]]) -> list[str]:
    return [one.job.id for one in await held]


def _check(held: list[ClaimedJob]) -> None:
    running: dict[str, int] = {}
    for one in held:
        group = group_of(one.job.opts)
        if group is not None:
            running[group[0]] = running.get(group[0], 0) + 1
            assert running[group[0]] <= group[1], group
