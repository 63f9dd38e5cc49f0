"""One run of a job's work function: decode, call, judge; the `Runner` of the library's workers."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from corral.library.events import JobDequeue, JobExpire, JobRun, JobRunError, JobRunSuccess
from corral.library.handlers import Handlers
from corral.library.metadata import Metadata
from corral.library.options import UNRUN
from corral.library.payloads import Codec
from corral.library.signatures import Signature
from corral.model.errors import InvalidInput
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed, Outcome
from corral.policy.backoff import should_retry
from corral.store.jobs import JobStore

Call = Callable[..., Awaitable[Any]]
"""A work function as the event loop calls it, wherever it really runs."""

CANCELLED = "The job was cancelled"
_REMEMBERED = 100_000
_OUT_OF_ATTEMPTS = "The job has no attempts"


class Work:
    """What is done with the jobs of one definition: the function and the types around it."""

    __slots__ = ("call", "name", "payload", "result", "seconds", "wants_metadata")

    def __init__(self, name: str, signature: Signature, codecs: tuple[Codec, Codec], call: Call) -> None:
        self.name = name
        self.call = call
        self.wants_metadata = signature.wants_metadata
        self.payload, self.result = codecs
        self.seconds: float | None = None
        """The execution time-out."""


class Execution:
    """Runs the jobs of one queue for one worker. What is running can be cancelled by its id."""

    def __init__(self, queue: str, work: Work, jobs: JobStore, handlers: Handlers, worker_id: str) -> None:
        self.queue = queue
        self.jobs = jobs
        self.loop = asyncio.get_running_loop()
        self._work = work
        self._handlers = handlers
        self._worker_id = worker_id
        self._running: dict[str, tuple[asyncio.Task[Any], Metadata]] = {}
        self._took: dict[str, float] = {}

    async def __call__(self, claimed: ClaimedJob) -> Outcome:
        """Never raises but for what ends the worker."""
        job = claimed.job
        handlers = self._handlers
        if handlers:
            handlers.tell(JobDequeue(**self._names(claimed)))
        if job.opts.get(UNRUN) == 0 and not job.opts.get("attempts"):
            return Failed(_OUT_OF_ATTEMPTS, unrecoverable=True)
        if handlers:
            handlers.tell(JobRun(**self._names(claimed)))
        metadata = Metadata(claimed, self)
        task = asyncio.current_task()
        assert task is not None
        self._running[job.id] = (task, metadata)
        began = perf_counter()
        try:
            result = await self._run(claimed, metadata)
            if metadata.pending:
                await metadata.settle()
            if metadata.failed is None:
                return self._completed(claimed, result, began)
            raise MarkedAsFailed(metadata.failed)
        except asyncio.CancelledError as error:
            if not metadata.cancelled and task.cancelling():
                raise  # the worker itself is told to end
            return self._failed(claimed, metadata, error, began)
        except Exception as error:  # noqa: BLE001 - whatever a work function raises has failed its job
            return self._failed(claimed, metadata, error, began)
        finally:
            self._running.pop(job.id, None)

    def cancel(self, job_id: str) -> bool:
        """Whether the job runs here; then its function is cancelled."""
        found = self._running.get(job_id)
        if found is None:
            return False
        task, metadata = found
        if not metadata.cancelled:
            metadata.cancelled = True
            task.cancel(CANCELLED)
        return True

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def stored(self, claimed: ClaimedJob, outcome: Outcome) -> None:
        """The outcome is in the engine: tell of jobs that are finalized."""
        handlers = self._handlers
        if isinstance(outcome, Completed):
            if handlers:
                duration = self._took.pop(claimed.token, 0.0)
                handlers.tell(JobRunSuccess(**self._names(claimed), duration=duration))
        elif handlers and isinstance(outcome, Failed) and should_retry(claimed.job, outcome) is None:
            handlers.tell(JobExpire(**self._names(claimed)))

    async def _run(self, claimed: ClaimedJob, metadata: Metadata) -> Any:
        work = self._work
        payload = work.payload.decode(claimed.job.data)
        running = work.call(payload, metadata) if work.wants_metadata else work.call(payload)
        if work.seconds is None:
            return await running
        try:
            async with asyncio.timeout(work.seconds) as metadata.limit:
                return await running
        except TimeoutError:
            if metadata.limit is None or not metadata.limit.expired():
                raise
            metadata.cancelled = True
            raise ExecutionTimeout("The job ran into its execution time-out") from None

    def _completed(self, claimed: ClaimedJob, result: Any, began: float) -> Outcome:
        encoded = self._work.result.encode_any(result)
        if self._handlers:
            if len(self._took) >= _REMEMBERED:
                self._took.clear()  # of jobs whose outcome was not stored, as their lock was lost
            self._took[claimed.token] = (perf_counter() - began) * 1000
        return Completed(encoded)

    def _failed(self, claimed: ClaimedJob, metadata: Metadata, error: BaseException, began: float) -> Failed:
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is not None and metadata.cancelled:
                task.uncancel()
            error = JobCancelled(CANCELLED)
        if self._handlers:
            duration = (perf_counter() - began) * 1000
            self._handlers.tell(JobRunError(**self._names(claimed), error=error, duration=duration))
        trace = "".join(traceback.format_exception(error)).rstrip()
        final = isinstance(error, MarkedAsFailed | JobCancelled | InvalidInput)
        return Failed(str(error) or type(error).__name__, stacktrace=trace, unrecoverable=final)

    def _names(self, claimed: ClaimedJob) -> dict[str, str]:
        return {
            "job_id": claimed.job.id,
            "job_name": self._work.name,
            "queue": self.queue,
            "worker_id": self._worker_id,
        }


class MarkedAsFailed(Exception):
    """The work function has asked for its job to be failed for good."""


class JobCancelled(Exception):
    """Somebody has asked for the job to end."""


class ExecutionTimeout(TimeoutError):
    """The run took longer than its definition allows."""
