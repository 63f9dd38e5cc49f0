"""renew: keep the locks of the jobs that this process holds."""

import asyncio
from collections.abc import Callable

from corral.model.errors import StoreError, StoreUnavailable
from corral.model.job import ClaimedJob
from corral.store.jobs import JobStore

_RETRY = 1.0  # seconds until the next try when the engine could not be reached


class LockKeeper:
    """Renews every held lock in one round trip, at half its life."""

    def __init__(self, jobs: JobStore, queue: str, lock_ms: int, lost: Callable[[str, str], None]) -> None:
        self._jobs = jobs
        self._queue = queue
        self._lock_ms = lock_ms
        self._lost = lost
        self._held: dict[str, ClaimedJob] = {}

    def hold(self, claimed: ClaimedJob) -> None:
        self._held[claimed.token] = claimed

    def release(self, claimed: ClaimedJob) -> None:
        self._held.pop(claimed.token, None)

    async def run(self) -> None:
        """Renew until cancelled."""
        pause = self._lock_ms / 2000
        while True:
            await asyncio.sleep(pause)
            try:
                await self._renew()
                pause = self._lock_ms / 2000
            except (StoreUnavailable, StoreError):
                pause = min(_RETRY, self._lock_ms / 2000)

    async def _renew(self) -> None:
        held = list(self._held.values())
        if not held:
            return
        gone = set(await self._jobs.renew(self._queue, held, self._lock_ms))
        for claimed in held:
            if claimed.job.id in gone and claimed.token in self._held:
                self.release(claimed)
                self._lost(self._queue, claimed.job.id)
