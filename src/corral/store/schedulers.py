"""Job schedulers: factories that put the next job of a series into the delayed state."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from corral.model.job import JobOptions
from corral.model.scheduler import NewScheduler, StoredScheduler


class Following(msgspec.Struct, frozen=True):
    """The iteration of scheduler `key` after the job `producer`, due at `due` (0: by the scheduler's interval)."""

    key: str
    producer: str
    due: int
    data: bytes
    opts: JobOptions


ANY_REVISION: Final = "*"


class PutScheduler(msgspec.Struct, frozen=True):
    """A scheduler that was stored, and its next job; None: it was removed again in the same moment."""

    stored: StoredScheduler | None
    job_id: str
    delay: int


class SchedulerPage(msgspec.Struct, frozen=True):
    """`cursor` None: this was the last."""

    schedulers: Sequence[StoredScheduler]
    cursor: str | None


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

    async def put(self, queue: str, scheduler: NewScheduler, now: int, revision: str | None = None) -> PutScheduler:
        """Store the scheduler and its next job, in place of those of that key.

        A next job that a worker has taken up already stays. Raises `NotInState` when the place of the next job
        is taken, as by one that has run. With `revision`, raises `PreconditionFailed` unless there is a scheduler
        and that is its revision, or `ANY_REVISION` is asked for: the look and the change are one step, so of
        several who have seen the same and change it, one succeeds.
        """
        ...

    async def get(self, queue: str, key: str) -> StoredScheduler | None: ...

    async def page(self, queue: str, cursor: str | None, limit: int) -> SchedulerPage:
        """The schedulers by their next run, soonest first; a page may be short of `limit`.

        One that runs between two pages may come again, none that stays is left out. Raises `InvalidInput` for
        a cursor that is not one of its own.
        """
        ...

    async def between(self, queue: str, start: int, end: int, asc: bool) -> list[StoredScheduler]:
        """The schedulers `start..end` (inclusive, -1: last) by their next run, latest first unless `asc`."""
        ...

    async def count(self, queue: str) -> int: ...

    async def remove(self, queue: str, key: str, revision: str | None = None) -> bool:
        """Delete the scheduler and its next job, unless a worker has that; False when there was none.

        With `revision`, raises `PreconditionFailed` as `put` does.
        """
        ...
