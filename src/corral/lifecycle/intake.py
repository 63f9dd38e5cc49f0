"""When to claim: an intake knows whether a queue has work, is rate limited, or is best waited for."""

import asyncio
from collections.abc import Callable

from corral.model.errors import StoreUnavailable
from corral.store.jobs import Claim, Waiter

Clock = Callable[[], int]
"""Milliseconds since the epoch."""

_LONGEST = 5.0  # seconds a waiter blocks before looking for itself: a marker may have been lost on the way
_AFTER_FAILURE = 0.5


class Intake:
    """Tells one worker when a claim is worth a round trip; `wake` is called whenever that may have changed."""

    def __init__(self, waiter: Waiter, clock: Clock, wake: Callable[[], None]) -> None:
        self._waiter = waiter
        self._clock = clock
        self._wake = wake
        self._limited_until = 0
        self._next_due = 0
        self._drained = False
        self._waiting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether a claim may find jobs now."""
        return not self._drained and self._clock() >= self._limited_until

    def saw(self, claim: Claim | None, asked: int) -> None:
        """Learn from a claim's answer; None: the claim failed and nothing is known."""
        if claim is None:
            self._pause(int(_AFTER_FAILURE * 1000))
        elif claim.limited_ms > 0:
            self._pause(claim.limited_ms)
        elif len(claim.jobs) < asked:
            self._next_due = claim.next_due
            self._drained = True
            if self._waiting is None:
                self._waiting = asyncio.get_running_loop().create_task(self._wait())

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
        await self._waiter.close()

    async def _wait(self) -> None:
        """Block on the marker; a failed wait counts as a sign of work, after a pause."""
        try:
            due = await self._waiter.wait(self._block_seconds())
            while due is not None and due > self._clock():  # a marker that announces a delayed job
                self._next_due = int(due)
                due = await self._waiter.wait(self._block_seconds())
        except StoreUnavailable:
            self._pause(int(_AFTER_FAILURE * 1000))
        self._waiting = None
        self._drained = False
        self._next_due = 0
        self._wake()

    def _block_seconds(self) -> float:
        if not self._next_due:
            return _LONGEST
        return min(max(self._next_due - self._clock(), 1) / 1000, _LONGEST)

    def _pause(self, ms: int) -> None:
        self._limited_until = self._clock() + ms
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(ms / 1000, self._wake)
