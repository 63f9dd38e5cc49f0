"""Counters of a queue: how many jobs ended per minute."""

from typing import Literal, Protocol

from corral.model.queue import Metrics

Ending = Literal["completed", "failed"]


class MetricsStore(Protocol):
    """What `finish` collects."""

    async def read(self, queue: str, ending: Ending, start: int, end: int) -> Metrics:
        """The points `start..end` (inclusive, -1: last), the newest first. One round trip."""
        ...
