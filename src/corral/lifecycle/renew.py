"""renew: keep the locks of the jobs that this process holds."""

import asyncio
import itertools
from collections.abc import Callable

from corral.model.errors import StoreError, StoreUnavailable
from corral.model.job import ClaimedJob
from corral.model.lease import Held
from corral.store.jobs import JobStore

_PART = 0.5  # of its life is over when a lock is renewed
_RETRY = 1.0  # seconds until the next try when the engine could not be reached


class LockKeeper:
    """Renews every held lock in one round trip, at half its life. `lost` hears queue and id of each that is gone."""

    def __init__(self, jobs: JobStore, queue: str, lock_ms: int, lost: Callable[[str, str], None]) -> None:
        self._jobs = jobs
        self._queue = queue
        self._lock_ms = lock_ms
        self._lost = lost
        self._held: dict[str, ClaimedJob] = {}
        self._ended: set[str] = set()

    def hold(self, claimed: ClaimedJob) -> None:
        """Keep the lock. Holding the same job twice means that the older lock had run out."""
        before = self._held.get(claimed.job.id)
        if before is not None:
            self._lose(before)
        self._held[claimed.job.id] = claimed

    def ended(self, claimed: ClaimedJob) -> None:
        """The run is over: keep the lock until `release`, but a loss is told by whoever stores the outcome."""
        self._ended.add(claimed.token)

    def job_ids(self, most: int) -> list[str]:
        """Up to `most` of the jobs that are held."""
        return list(itertools.islice(self._held, most))

    def release(self, claimed: ClaimedJob) -> None:
        """Let the lock run out, or be gone already."""
        self._ended.discard(claimed.token)
        if self._holds(claimed):
            del self._held[claimed.job.id]

    async def run(self) -> None:
        """Renew until cancelled."""
        pause = usual = self._lock_ms / 1000 * _PART
        while True:
            await asyncio.sleep(pause)
            try:
                await self._renew()
                pause = usual
            except (StoreUnavailable, StoreError):
                pause = min(_RETRY, usual)

    async def _renew(self) -> None:
        held = list(self._held.values())
        if not held:
            return
        names = [Held(claimed.job.id, claimed.token) for claimed in held]
        gone = set(await self._jobs.renew(self._queue, names, self._lock_ms))
        for claimed in held:
            if claimed.job.id in gone and self._holds(claimed):
                self._lose(claimed)

    def _holds(self, claimed: ClaimedJob) -> bool:
        held = self._held.get(claimed.job.id)
        return held is not None and held.token == claimed.token

    def _lose(self, claimed: ClaimedJob) -> None:
        told_elsewhere = claimed.token in self._ended
        self.release(claimed)
        if not told_elsewhere:
            self._lost(self._queue, claimed.job.id)
