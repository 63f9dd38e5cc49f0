"""Waiting for work on behalf of many: one waiter per queue and process, however many clients poll."""

import asyncio
from collections import deque

from corral.lifecycle.intake import Clock
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.jobs import JobStore, Waiter

_BLOCK = 5.0  # seconds one wait lasts; after it the first in line looks for itself
_RETRY = 0.5


class Doorbells:
    """Wakes those who wait for a queue one after the other, as BullMQ's marker wakes its workers.

    Who finds a job leaves the marker again, which wakes the next in line.
    """

    def __init__(self, jobs: JobStore, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._bells: dict[str, _Bell] = {}

    async def wait(self, queue: str, timeout: float) -> None:
        """Return when there may be work, or after `timeout` seconds."""
        bell = self._bells.get(queue)
        if bell is None:
            bell = self._bells[queue] = _Bell(self._jobs.waiter(queue), self._clock)
        try:
            await bell.wait(timeout)
        finally:
            if not bell.line and self._bells.get(queue) is bell:
                del self._bells[queue]
                bell.stop()

    async def close(self) -> None:
        bells, self._bells = list(self._bells.values()), {}
        for bell in bells:
            bell.stop()
        await asyncio.gather(*(bell.stopped() for bell in bells))


class _Bell:
    """One queue's waiter and the line of those who wait."""

    def __init__(self, waiter: Waiter, clock: Clock) -> None:
        self.line: deque[asyncio.Future[None]] = deque()
        self._waiter = waiter
        self._clock = clock
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def wait(self, timeout: float) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.line.append(place)
        try:
            await asyncio.wait([place], timeout=timeout)
        finally:
            if not place.done():
                self.line.remove(place)
                place.cancel()

    def stop(self) -> None:
        self._task.cancel()

    async def stopped(self) -> None:
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        timeout = _BLOCK
        try:
            while True:
                try:
                    due = await self._waiter.wait(timeout)
                except (StoreUnavailable, StoreError):
                    await asyncio.sleep(_RETRY)
                    continue
                ahead = 0 if due is None else (due - self._clock()) / 1000
                if ahead > 0:  # the marker announces a delayed job
                    timeout = min(ahead, _BLOCK)
                    continue
                timeout = _BLOCK
                self._ring()
        finally:
            await self._waiter.close()

    def _ring(self) -> None:
        while self.line:
            place = self.line.popleft()
            if not place.done():
                place.set_result(None)
                return
