"""When to claim: an intake knows whether a queue has work, is rate limited, or is best waited for."""

import asyncio
from collections.abc import Callable

from corral.model.errors import StoreError, StoreUnavailable
from corral.store.jobs import Claim, Waiter

Clock = Callable[[], int]
"""Milliseconds since the epoch."""

_LONGEST = 5.0  # seconds a waiter blocks before looking for itself: a marker may have been lost on the way
_AFTER_FAILURE = 0.5
_WHILE_MAXED = 1.0  # nothing tells that a job of another process has ended


class Intake:
    """Tells one worker when a claim is worth a round trip; `wake` is called whenever that may have changed.

    Closed while it waits for the marker and while it pauses. What ends either is an event or a timer, never a
    comparison of clocks alone: a timer may fire a moment before the wall clock gets there. Delayed jobs have a
    timer here: an engine ends a wait that has timed out only when it next looks, up to 100 ms later.
    """

    def __init__(self, waiter: Waiter, clock: Clock, wake: Callable[[], None], has_room: Callable[[], bool]) -> None:
        self._waiter = waiter
        self._clock = clock
        self._wake = wake
        self._has_room = has_room
        self._timer: asyncio.TimerHandle | None = None
        self._due = False
        self._maxed = False
        self._closed = False
        self.signs = 0
        """How many signs of work have come; a claim must be told how many there were when it was sent."""
        self._waiting: asyncio.Task[None] | None = None
        self._pausing: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether a claim may find jobs now."""
        return self._pausing is None and (self._waiting is None or self._due)

    def saw(self, claim: Claim | None, asked: int, signs: int) -> None:
        """Learn from the answer to a claim that was sent after so many signs; None: the claim failed.

        A sign that came since is taken by nobody: the engine gives each only once, and what it stands for may have
        been added after the claim.
        """
        if self._closed:
            return
        self._maxed = claim is not None and claim.maxed
        if claim is None:
            self._pause(_AFTER_FAILURE)
        elif claim.limited_ms > 0:
            self._pause(claim.limited_ms / 1000)
        elif claim.maxed:
            self._pause(claim.again_ms / 1000 or _WHILE_MAXED)
        elif len(claim.jobs) < asked and signs == self.signs:
            self._expect(claim.next_due)
            if self._waiting is None:
                self._waiting = asyncio.get_running_loop().create_task(self._wait())

    def freed(self) -> None:
        """A job of this worker has ended: where the queue allows no more at once, that makes room."""
        if self._maxed:
            self._maxed = False
            self._resume()

    def look(self) -> None:
        """Be open now: a delayed job is due, or time was moved."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due = not self._closed
        self._wake()

    async def close(self) -> None:
        """Wait for work no more: from now on its signs are for others."""
        self._closed = True
        self._expect(0)
        if self._pausing is not None:
            self._pausing.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
        await self._waiter.close()

    async def _wait(self) -> None:
        """Block on the marker; a failed wait counts as a sign of work, after a pause."""
        due: float | None = None
        try:
            due = await self._waiter.wait(_LONGEST)
            while due is not None and due > self._clock():  # a marker that announces a delayed job
                self._expect(int(due))
                due = await self._waiter.wait(_LONGEST)
            if due is not None and not self._has_room():  # a delayed job has filled the worker meanwhile
                await self._waiter.pass_on()
        except (StoreUnavailable, StoreError):
            self._pause(_AFTER_FAILURE)
        finally:
            self.signs += due is not None
            self._waiting = None
            self._wake()

    def _expect(self, due: int) -> None:
        """Open when the earliest delayed job is due (ms; 0: there is none)."""
        self._due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due:
            seconds = max(due - self._clock(), 1) / 1000
            self._timer = asyncio.get_running_loop().call_later(seconds, self.look)

    def _pause(self, seconds: float) -> None:
        if self._pausing is not None:
            self._pausing.cancel()
        self._pausing = asyncio.get_running_loop().call_later(seconds, self._resume)

    def _resume(self) -> None:
        if self._pausing is not None:
            self._pausing.cancel()
            self._pausing = None
        self._wake()
