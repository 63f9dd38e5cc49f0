"""Commands that wait for a connection: a bounded line, and a bounded time for each."""

import asyncio
from collections import deque
from collections.abc import Iterable

from corral.model.errors import StoreUnavailable
from corral.stores.redis.limits import ConnectionLimits
from corral.stores.redis.wire import Unsent, fail

_COARSEST_LOOK = 0.02


class Backlog:
    """Commands in the order they came. While `hold` is in force each fails after `limits.connect_wait`."""

    __slots__ = ("_bytes", "_commands", "_held", "_limits", "_line", "_loop", "_timer", "why")

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: ConnectionLimits) -> None:
        self._loop = loop
        self._limits = limits
        self._line: deque[tuple[float, Unsent]] = deque()
        self._commands = 0
        self._bytes = 0
        self._held = False
        self._timer: asyncio.TimerHandle | None = None
        self.why = "the connection is not open yet"

    def __bool__(self) -> bool:
        return bool(self._line)

    def push(self, unsent: Unsent) -> None:
        """Wait at the end of the line; when it is full the futures fail at once."""
        limits = self._limits
        commands = self._commands + len(unsent.futures)
        size = self._bytes + len(unsent.packed)
        if self._line and (commands > limits.waiting_commands or size > limits.waiting_bytes):
            self._refuse(unsent, "too many commands wait for the engine")
            return
        self._commands = commands
        self._bytes = size
        self._line.append((self._deadline(), unsent))
        if self._held and self._timer is None:
            self._look_again()

    def pop(self) -> Unsent:
        """Leave the line at its front."""
        _, unsent = self._line.popleft()
        self._commands -= len(unsent.futures)
        self._bytes -= len(unsent.packed)
        return unsent

    def hold(self, again: Iterable[Unsent] = ()) -> None:
        """The connection is gone: `again` stands in front, and everybody's time begins now."""
        self._held = True
        waiting = [*again, *(unsent for _, unsent in self._line)]
        self._line.clear()
        self._commands = self._bytes = 0
        for unsent in waiting:
            self.push(unsent)

    def release(self) -> None:
        """There is a connection: time stops."""
        self._held = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def clear(self, text: str) -> None:
        """Fail everything that waits."""
        self.release()
        while self._line:
            self._refuse(self.pop(), text)

    def _deadline(self) -> float:
        return self._loop.time() + self._limits.connect_wait if self._held else 0.0

    def _look_again(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_at(max(self._line[0][0], now + _COARSEST_LOOK), self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._line and self._line[0][0] <= now:
            self._refuse(self.pop(), "the engine cannot be reached")
        if self._line:
            self._look_again()

    def _refuse(self, unsent: Unsent, text: str) -> None:
        for future in unsent.futures:
            fail(future, StoreUnavailable(f"{text}: {self.why}"))
