"""rescue: bring back the jobs of workers that died."""

import asyncio
from collections.abc import Callable

from corral.lifecycle.intake import Clock
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.jobs import JobStore

_RETRY = 1.0  # seconds until the next look when the engine could not be reached
_LATER = 0.01  # a look that comes a moment before the interval is over is not let through


class Rescuer:
    """Looks for stalled jobs every `every_ms`; any number of processes may, the store lets one through."""

    def __init__(
        self, jobs: JobStore, queue: str, every_ms: int, clock: Clock, stalled: Callable[[str, str], None]
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._every_ms = every_ms
        self._clock = clock
        self._stalled = stalled

    async def run(self, max_stalled: int) -> None:
        """Look until cancelled; the first look is at once."""
        interval = self._every_ms / 1000
        while True:
            pause = interval + _LATER
            try:
                for job_id in await self._jobs.rescue(self._queue, max_stalled, self._every_ms, self._clock()):
                    self._stalled(self._queue, job_id)
            except (StoreUnavailable, StoreError):
                pause = min(_RETRY, interval)
            await asyncio.sleep(pause)
