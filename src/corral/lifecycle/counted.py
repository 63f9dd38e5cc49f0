"""The engine, with everything counted that goes through it: how long jobs wait and run, and the jobs of flows.

What was counted of a queue goes with it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from corral.lifecycle.ledger import Ledger, page_of
from corral.model.flow import FlowJob
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed
from corral.policy.measures import DURATION, WAIT
from corral.store.flows import FlowStore
from corral.store.job_moves import JobMoveStore
from corral.store.jobs import Claim, ClaimRequest, Finished, JobStore
from corral.store.queue_moves import QueueMoveStore
from corral.store.store import Store


class CountedJobs:
    """Fulfils `store.jobs.JobStore`."""

    def __init__(self, jobs: JobStore, ledger: Ledger) -> None:
        self._jobs = jobs
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._jobs, name)
        setattr(self, name, found)
        return found

    async def claim(self, queue: str, request: ClaimRequest, now: int) -> Claim:
        claim = await self._jobs.claim(queue, request, now)
        self._claimed(queue, claim, now)
        return claim

    async def finish(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        results, claimed = await self._jobs.finish(queue, finished, claim, now)
        if finished:
            durations = self._ledger.histogram(page_of(queue), DURATION)
            for one, why in zip(finished, results, strict=True):
                began = one.claimed.job.processed_on
                if why is None and began and isinstance(one.outcome, (Completed, Failed)):
                    durations.saw(max(0, now - began) / 1000)
        if isinstance(claimed, Claim):
            self._claimed(queue, claimed, now)
        return results, claimed

    def _claimed(self, queue: str, claim: Claim, now: int) -> None:
        if claim.jobs:
            waits = self._ledger.histogram(page_of(queue), WAIT)
            for claimed in claim.jobs:
                if claimed.job.attempts_started <= 1:
                    waits.saw(_waited(claimed, now))


class CountedMoves:
    """Fulfils `store.job_moves.JobMoveStore`."""

    def __init__(self, moves: JobMoveStore, ledger: Ledger) -> None:
        self._moves = moves
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._moves, name)

    async def take(self, queue: str, job_id: str, token: str, lock_ms: int, now: int) -> ClaimedJob:
        claimed = await self._moves.take(queue, job_id, token, lock_ms, now)
        if claimed.job.attempts_started <= 1:
            self._ledger.histogram(page_of(queue), WAIT).saw(_waited(claimed, now))
        return claimed


class CountedFlows:
    """Fulfils `store.flows.FlowStore`."""

    def __init__(self, flows: FlowStore, ledger: Ledger) -> None:
        self._flows = flows
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._flows, name)

    async def add(self, jobs: Sequence[FlowJob], now: int) -> list[str]:
        ids = await self._flows.add(jobs, now)
        for queue, count in Counter(job.queue for job in jobs).items():
            self._ledger.submitted(queue, count)
        return ids


class CountedQueueMoves:
    """Fulfils `store.queue_moves.QueueMoveStore`."""

    def __init__(self, moves: QueueMoveStore, ledger: Ledger) -> None:
        self._moves = moves
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._moves, name)

    async def obliterate(self, queue: str, force: bool, most: int) -> bool:
        more = await self._moves.obliterate(queue, force, most)
        if not more:
            await self._ledger.forget(page_of(queue))
        return more


class CountedStore:
    """The engine."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self.jobs = CountedJobs(store.jobs, ledger)
        self.job_moves = CountedMoves(store.job_moves, ledger)
        self.flows = CountedFlows(store.flows, ledger)
        self.queue_moves = CountedQueueMoves(store.queue_moves, ledger)
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def counted(store: Store, ledger: Ledger) -> Store:
    """The same engine, to be used in its place."""
    return cast(Store, CountedStore(store, ledger))


def _waited(claimed: ClaimedJob, now: int) -> float:
    """Seconds from when it could run; a delay of its own is no waiting."""
    job = claimed.job
    return max(0, now - job.timestamp - (job.delay or 0)) / 1000
