"""What a worker has done: counted as it goes, summed up when asked."""

from collections import deque

from corral.model.outcome import Completed, Failed, Outcome
from corral.model.worker import WorkerStats

_REMEMBERED = 1000


class Tally:
    """Counts outcomes and remembers how long the last runs took (ms)."""

    __slots__ = ("_took", "completed", "failed")

    def __init__(self) -> None:
        self.completed = 0
        self.failed = 0
        self._took: deque[int] = deque(maxlen=_REMEMBERED)

    def count(self, outcome: Outcome, took_ms: int) -> None:
        if isinstance(outcome, Completed):
            self.completed += 1
        elif isinstance(outcome, Failed):
            self.failed += 1
        else:
            return  # it will run again
        self._took.append(took_ms)

    def stats(self, in_flight: int) -> WorkerStats:
        ordered = sorted(self._took)
        return WorkerStats(in_flight, self.completed, self.failed, _quantile(ordered, 0.5), _quantile(ordered, 0.95))


def _quantile(ordered: list[int], part: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else None
