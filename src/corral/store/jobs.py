"""Jobs: each method is one transition or one question, on a batch, with `now` (ms) from the caller."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from corral.model.job import ClaimedJob, Job, NewJob
from corral.model.lease import Held
from corral.model.outcome import Outcome


class ClaimRequest(msgspec.Struct, frozen=True, gc=False):
    """Ask for up to `count` jobs. Lock tokens are `owner:serial`, `owner:serial+1`, ..."""

    count: int
    owner: str
    serial: int
    lock_ms: int
    limiter: tuple[int, int] | None = None
    """(max, duration ms) unless the queue has a limit of its own."""
    name: str | None = None
    """Stored as the job's `processedBy`."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """The jobs, how long the queue is rate limited (ms), and when the next delayed job is due (ms; 0: none is).

    `maxed`: as many jobs are active, over all workers, as the queue's own concurrency allows. Then `again_ms` is after
    how long to look again (0: nobody knows).
    """

    jobs: list[ClaimedJob]
    limited_ms: int = 0
    next_due: int = 0
    maxed: bool = False
    again_ms: int = 0


class Finished(msgspec.Struct, frozen=True, gc=False):
    """The end of one run. `keep` is the worker's retention where the job has none of its own."""

    claimed: ClaimedJob
    outcome: Outcome
    keep_completed: Any = None
    keep_failed: Any = None


class Waiter(Protocol):
    """Waits for work on one queue; each worker has its own."""

    async def wait(self, timeout: float) -> float | None:
        """Wait up to `timeout` seconds for a sign of work. Returns when to look (ms; 0: now), or None when it
        timed out. Raises `StoreUnavailable`."""
        ...

    async def pass_on(self) -> None:
        """Leave a sign of work for another waiter. Raises `StoreUnavailable`."""
        ...

    async def close(self) -> None: ...


class JobStore(Protocol):
    """The data path. Round trips: 1 for each method, whatever the batch; `finish` with a claim also 1."""

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        """Store the jobs, all or none, and return their ids in order. A known custom or deduplication id
        returns the id of the job that is already there."""
        ...

    async def claim(self, queue: str, request: ClaimRequest, now: int) -> Claim:
        """Move up to `count` jobs to active and lock them, honouring pause, priority, concurrency and rate limits."""
        ...

    async def finish(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        """Store the outcomes (retry, fail or complete, as the job's options say) and claim the next jobs.

        One entry per outcome: None, or why it could not be stored: `StoreUnavailable` where trying again may
        help, `LockLost`, `JobNotFound`, `NotInState` or another error where it will not. A claim that failed
        gives its error. Neither is raised: the one may have worked without the other.
        """
        ...

    async def renew(self, queue: str, held: Sequence[Held], lock_ms: int) -> list[str]:
        """Lock the jobs for another `lock_ms`; return the ids of those that are no longer ours."""
        ...

    async def rescue(self, queue: str, max_stalled: int, every_ms: int, now: int) -> list[str]:
        """Move jobs whose lock has run out back to waiting; at most one pass per `every_ms` over all processes."""
        ...

    def waiter(self, queue: str, name: str | None = None) -> Waiter:
        """A new waiter; `name` is the worker's, shown to whoever lists the workers of the queue."""
        ...

    async def get(self, queue: str, job_id: str) -> Job | None: ...

    async def in_states(self, queue: str, states: Sequence[str], start: int, end: int, asc: bool) -> list[Job]:
        """The jobs `start..end` (inclusive, -1: last) of each state, states one after the other."""
        ...

    async def lock_token(self, queue: str, job_id: str) -> str | None:
        """The token that holds the job's lock now."""
        ...

    async def set_progress(self, queue: str, job_id: str, progress: bytes) -> None:
        """Store progress (JSON) and emit the event. Raises `JobNotFound`."""
        ...

    async def add_log(self, queue: str, job_id: str, row: str, keep: int | None) -> int:
        """Append a log row, keeping the last `keep`; returns how many there are. Raises `JobNotFound`."""
        ...

    async def logs(self, queue: str, job_id: str, start: int, end: int, asc: bool) -> tuple[list[str], int]:
        """Rows `start..end` (inclusive) and the total."""
        ...
