"""Job schedulers: factories that put the next job of a series into the delayed state."""

from typing import Protocol

import msgspec

from corral.model.job import JobOptions


class Following(msgspec.Struct, frozen=True):
    """The iteration of scheduler `key` after the job `producer`, due at `due` (0: by the scheduler's interval)."""

    key: str
    producer: str
    due: int
    data: bytes
    opts: JobOptions


class SchedulerStore(Protocol):
    """One round trip each."""

    async def advance(self, queue: str, following: Following, now: int) -> str | None:
        """Add the iteration.

        Returns its id, or None when the scheduler is gone or another process has advanced it already.
        """
        ...

    async def exists(self, queue: str, key: str) -> bool:
        """Whether the key names a scheduler, and not a repeatable job of BullMQ 5."""
        ...
