"""A deadline that is moved far more often than it is reached."""

import asyncio
from collections.abc import Callable
from math import inf

TICK = 0.001
"""Event loops keep time in milliseconds, so a deadline this near counts as reached."""


class Alarm:
    """Rings once `when` (loop time) has passed.

    Moving the deadline later is one assignment: the timer that is under way looks again when it fires. Only a
    deadline before that timer costs a new one.
    """

    __slots__ = ("_due", "_handle", "_loop", "_ring", "_when")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None
        self._due = inf
        self._when = inf

    def set(self, when: float) -> None:
        self._when = when
        if when < self._due:
            self._start(when)

    def stop(self) -> None:
        self._when = self._due = inf
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _start(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._due = when
        self._handle = self._loop.call_at(when, self._fire)

    def _fire(self) -> None:
        self._handle = None
        self._due = inf
        if self._when - self._loop.time() >= TICK:
            self._start(self._when)
        else:
            self._when = inf
            self._ring()
