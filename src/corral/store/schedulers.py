"""Job schedulers: factories that put the next job of a series into the delayed state."""

from typing import Protocol

from corral.model.job import JobOptions


class SchedulerStore(Protocol):
    """One round trip each."""

    async def advance(
        self, queue: str, key: str, next_at: int, data: bytes, opts: JobOptions, producer: str, now: int
    ) -> str | None:
        """Add the iteration after `producer`, due at `next_at` (0: by the scheduler's own interval).

        Returns its id, or None when the scheduler is gone or another process has advanced it already.
        """
        ...

    async def exists(self, queue: str, key: str) -> bool:
        """Whether the key names a scheduler, and not a repeatable job of BullMQ 5."""
        ...
