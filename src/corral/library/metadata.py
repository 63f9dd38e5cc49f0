"""What a work function is told of its job, and what it can do to it while it runs."""

import asyncio
import uuid
from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Protocol

import msgspec

from corral.model.job import ClaimedJob
from corral.store.jobs import JobStore

_FAMILY = uuid.UUID("b9a5c6e2-0f0e-5d5c-9a3b-6c1f0f2f7a11")
_PATIENCE = 30.0  # seconds that a call from another thread waits for the engine


class Run(Protocol):
    """The run that a job's metadata belongs to."""

    @property
    def queue(self) -> str: ...

    @property
    def jobs(self) -> JobStore: ...

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...


class Metadata:
    """One run of one job. Its methods work from the event loop and from any thread: there they block until done."""

    __slots__ = ("_claimed", "_run", "cancelled", "failed", "limit", "pending")

    def __init__(self, claimed: ClaimedJob, run: Run) -> None:
        self._claimed = claimed
        self._run = run
        self.pending: list[asyncio.Future[None]] | None = None
        """What was told to the engine and has not been awaited by `settle`."""
        self.cancelled = False
        """Somebody wants the job to end. An async function is cancelled then; a sync one may look here."""
        self.failed: str | None = None
        """What `mark_as_failed` was told."""
        self.limit: asyncio.Timeout | None = None

    @property
    def job_id(self) -> str:
        return self._claimed.job.id

    @property
    def job_group(self) -> str:
        """The group that the job was enqueued with; else a UUID of its own, the same in every attempt."""
        return group_of(self._run.queue, self._claimed.job.id, self._claimed.job.opts)

    @property
    def attempt(self) -> int:
        """1 in the first run; runs that a crash has cut short are not counted."""
        return self._claimed.job.attempts_made + 1

    @property
    def claimed(self) -> ClaimedJob:
        """The job as the engine gave it: its name, options and times."""
        return self._claimed

    def mark_as_failed(self, reason: str = "The job was marked as failed") -> None:
        """When the function returns, finalize the job as failed, whatever attempts are left."""
        self.failed = reason

    def progress(self, value: Any) -> "Awaitable[None]":
        """Store any JSON value as the progress of the job, and tell it to whoever follows the queue's events."""
        return self._do(self._run.jobs.set_progress(self._run.queue, self.job_id, msgspec.json.encode(value)))

    def log(self, row: str) -> "Awaitable[None]":
        """Append a row to the log of the job."""
        keep = self._claimed.job.opts.get("keepLogs")
        return self._do(self._log(row, keep if isinstance(keep, int) else None))

    def extend(self, seconds: float) -> "Awaitable[None]":
        """Let the run take `seconds` from now, instead of what its execution time-out has left."""
        return self._do(self._extend(seconds))

    async def settle(self) -> None:
        """Wait for what was told and not awaited, so that nothing of it comes after the end of the job."""
        if self.pending:
            await asyncio.gather(*self.pending, return_exceptions=True)

    async def _log(self, row: str, keep: int | None) -> None:
        await self._run.jobs.add_log(self._run.queue, self.job_id, row, keep)

    async def _extend(self, seconds: float) -> None:
        if self.limit is not None:
            self.limit.reschedule(self._run.loop.time() + seconds)

    def _do(self, work: Coroutine[Any, Any, None]) -> Awaitable[None]:
        loop = self._run.loop
        if _runs_here(loop):
            task = loop.create_task(work)
            task.add_done_callback(_heard)
            self.pending = [*(self.pending or ()), task]
            return task
        asyncio.run_coroutine_threadsafe(work, loop).result(_PATIENCE)
        return _Done()


def group_of(queue: str, job_id: str, opts: dict[str, Any]) -> str:
    """The group of any job: a job without one is alone in a group of its own."""
    group = opts.get("group")
    if isinstance(group, dict) and isinstance(group.get("id"), str):
        return str(group["id"])
    return str(uuid.uuid5(_FAMILY, f"{queue}\0{job_id}"))


class _Done:
    def __await__(self) -> Generator[Any, Any, None]:
        return
        yield


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _heard(task: "asyncio.Future[None]") -> None:
    """A refusal that the function does not wait for is no reason for a complaint."""
    if not task.cancelled():
        task.exception()
