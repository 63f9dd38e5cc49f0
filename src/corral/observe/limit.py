"""A limit on lines that would repeat."""

from collections import deque


class LineLimit:
    """At most `lines` in any `seconds`; counts what it leaves out."""

    def __init__(self, lines: int, seconds: float) -> None:
        self._seconds = seconds
        self._last: deque[float] = deque(maxlen=lines)
        self._left_out = 0

    def allow(self, now: float) -> int | None:
        """None when the line has to be left out, else how many were since the last that was not. `now` is in
        seconds and must not run backwards."""
        full = len(self._last) == self._last.maxlen
        if full and now - self._last[0] < self._seconds:
            self._left_out += 1
            return None
        self._last.append(now)
        left_out, self._left_out = self._left_out, 0
        return left_out
