"""Receivers that do not answer: a few calls are made to find out, then one at a time."""

from collections import Counter

_ENOUGH = 3  # calls in a row without an answer
_WAIT_MS = 5_000
_MOST = 10_000  # receivers that are remembered


class Silences:
    """By the origin of the URL, in this process: however many messages wait for a dead receiver, they hold one call."""

    def __init__(self) -> None:
        self._silent: dict[str, int] = {}
        self._under_way: Counter[str] = Counter()

    def begin(self, origin: str) -> int | None:
        """None: call it, and say so when it has ended. Else the milliseconds after which to ask again."""
        if self._silent.get(origin, 0) >= _ENOUGH and self._under_way[origin] > 0:
            return _WAIT_MS
        self._under_way[origin] += 1
        return None

    def ended(self, origin: str, answered: bool) -> None:
        self._under_way[origin] -= 1
        if self._under_way[origin] <= 0:
            del self._under_way[origin]
        count = 0 if answered else self._silent.pop(origin, 0) + 1
        self._silent.pop(origin, None)
        if count:
            self._silent[origin] = count
            if len(self._silent) > _MOST:
                del self._silent[next(iter(self._silent))]
