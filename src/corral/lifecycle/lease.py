"""Leases: a client claims jobs by itself, and says later what became of them."""

import asyncio
from collections.abc import Sequence

from corral.lifecycle.doorbell import Doorbells
from corral.lifecycle.intake import Clock
from corral.model.errors import LeaseLost, LockLost
from corral.model.job import ClaimedJob
from corral.model.lease import Held
from corral.model.outcome import Outcome, Released
from corral.store.jobs import Claim, ClaimRequest, Finished, JobStore

_MAXED_PAUSE = 0.25
_MAX_STALLED = 1
_FAREWELL = 2.0


class Lessor:
    """Hands out leases. It also looks for leases that ran out: a queue may have no other worker."""

    def __init__(self, jobs: JobStore, bells: Doorbells, clock: Clock, *, stalled_ms: int) -> None:
        self._jobs = jobs
        self._bells = bells
        self._clock = clock
        self._stalled_ms = stalled_ms
        self._giving: set[asyncio.Task[None]] = set()

    async def claim(self, queue: str, request: ClaimRequest, wait: float) -> list[ClaimedJob]:
        """Up to `request.count` jobs; waits up to `wait` seconds for the first."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            await self._jobs.rescue(queue, _MAX_STALLED, self._stalled_ms, self._clock())
            claim = await self._jobs.claim(queue, request, self._clock())
            left = until - loop.time()
            if claim.jobs or left <= 0:
                return claim.jobs
            await self._pause(queue, claim, left)

    async def renew(self, queue: str, held: Sequence[Held], lock_ms: int) -> list[Exception | None]:
        """Each lease's deadline becomes `lock_ms` from now; `LeaseLost` where it is no longer the client's."""
        lost = set(await self._jobs.renew(queue, held, lock_ms))
        return [LeaseLost(f"The lease of job {one.id} is lost") if one.id in lost else None for one in held]

    async def finish(self, queue: str, ended: Sequence[tuple[Held, Outcome]]) -> list[Exception | None]:
        """Store the outcomes, each by itself. Jobs that are gone, and leases that are lost, are told as such."""
        jobs = await asyncio.gather(*(self._jobs.get(queue, held.id) for held, _ in ended))
        finished = [
            Finished(ClaimedJob(job, held.token, 0), outcome)
            for (held, outcome), job in zip(ended, jobs, strict=True)
            if job is not None
        ]
        results, _ = await self._jobs.finish(queue, finished, None, self._clock()) if finished else ([], None)
        answers = iter(results)
        lost = (LeaseLost(f"Job {held.id} does not exist any more") for held, _ in ended)
        told = [gone if job is None else next(answers) for job, gone in zip(jobs, lost, strict=True)]
        return [LeaseLost(str(one)) if isinstance(one, LockLost) else one for one in told]

    def give_back(self, queue: str, jobs: Sequence[ClaimedJob]) -> None:
        """Release the jobs of a claim whose answer did not reach the client; returns at once."""
        ended = [Finished(one, Released()) for one in jobs]
        if ended:
            task = asyncio.get_running_loop().create_task(self._store(queue, ended))
            self._giving.add(task)
            task.add_done_callback(self._giving.discard)

    async def close(self) -> None:
        """Let what is being given back get there."""
        if self._giving:
            await asyncio.wait(self._giving, timeout=_FAREWELL)
        await self._bells.close()

    async def _store(self, queue: str, ended: Sequence[Finished]) -> None:
        await self._jobs.finish(queue, ended, None, self._clock())

    async def _pause(self, queue: str, claim: Claim, left: float) -> None:
        if claim.limited_ms > 0:
            await asyncio.sleep(min(left, claim.limited_ms / 1000))
        elif claim.maxed:
            await asyncio.sleep(min(left, claim.again_ms / 1000 or _MAXED_PAUSE))
        else:
            due = (claim.next_due - self._clock()) / 1000 if claim.next_due else left
            await self._bells.wait(queue, max(0.001, min(left, due, self._stalled_ms / 1000)))
