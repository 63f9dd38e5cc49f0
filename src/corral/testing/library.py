"""For tests of programs that use the Python library: jobs without an engine, a clock to move, an end to wait for."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import msgspec

from corral.library.context import Context
from corral.library.definition import JobDefinition
from corral.library.executors import Executors
from corral.library.metadata import Metadata
from corral.library.options import job_options
from corral.model.errors import JobFailed
from corral.model.job import ClaimedJob, Job
from corral.store.jobs import JobStore
from corral.store.store import Store
from corral.testing.waiting import until

P = TypeVar("P")
R = TypeVar("R")

_BUSY = ("waiting", "prioritized", "active")
_START = 1_700_000_000_000


class FakeClock:
    """For `Context(clock=...)`: stands still until it is moved. Locks still run by the engine's own time."""

    def __init__(self, start_ms: int = _START) -> None:
        self._now = start_ms
        self._moved: list[Callable[[], None]] = []

    def __call__(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on; workers and orchestrators look at once for what is due by now."""
        self._now += round(seconds * 1000)
        for moved in self._moved:
            moved()

    def on_move(self, moved: Callable[[], None], /) -> None:
        self._moved.append(moved)


class InlineRun(msgspec.Struct):
    """What a work function told of its job, for `run_inline`."""

    progress: list[Any] = []
    logs: list[str] = []


async def run_inline(
    definition: JobDefinition[P, R], payload: P, *, attempt: int = 1, run: InlineRun | None = None
) -> R:
    """Run the job here and now, without an engine: its payload and result pass through JSON as they would.

    Raises what the function raises, `JobFailed` where it marks the job as failed, `InvalidInput` for a payload
    that is not of the type.
    """
    queue = definition.name
    opts = job_options(definition.terms, payload, {})
    raw = msgspec.Raw(definition.payload.encode(payload))
    job = Job(name=queue, data=raw, opts=opts, id="inline", attempts_made=attempt - 1)
    metadata = Metadata(ClaimedJob(job, "inline", 0), _Run(queue, run or InlineRun()))
    executors = Executors(1)
    try:
        signature, terms = definition.signature, definition.terms
        call = executors.calling(definition.work_function, terms.executor, signature.is_async)
        given = definition.payload.decode(raw)
        result = await (call(given, metadata) if signature.wants_metadata else call(given))
        await metadata.settle()
    finally:
        executors.close()
    if metadata.failed is not None:
        raise JobFailed(metadata.failed)
    return cast(R, definition.result.decode(definition.result.encode_any(result)))


async def wait_until_idle(context: Context, *, seconds: float = 10.0) -> None:
    """Return when no job of the registered definitions runs or could run now; delayed ones do not count.

    Raises `TimeoutError` after `seconds`, and `StoreUnavailable`.
    """
    store = await context.store()

    async def idle() -> bool:
        """Queues are looked at one after the other: it counts only if nothing has happened in any of them meanwhile."""
        before = await _places(store, await context.queues())
        if any([await _is_busy(store, queue, context.clock()) for queue in before]):
            return False
        return before == await _places(store, await context.queues())

    await until(idle, seconds)


async def _places(store: Store, queues: Sequence[str]) -> dict[str, str]:
    """The last event of each queue."""
    return {queue: await store.events.last_id(queue) for queue in queues}


async def _is_busy(store: Store, queue: str, now: int) -> bool:
    counts = await store.queues.counts(queue, _BUSY)
    return any(counts.values()) or await store.queues.delayed_before(queue, now + 1) > 0


class _Run:
    """Stands in for the worker and the engine."""

    def __init__(self, queue: str, told: InlineRun) -> None:
        self.queue = queue
        self.loop = asyncio.get_running_loop()
        self.jobs = cast(JobStore, _Jobs(told))


class _Jobs:
    def __init__(self, told: InlineRun) -> None:
        self._told = told

    async def set_progress(self, queue: str, job_id: str, progress: bytes) -> None:
        self._told.progress.append(msgspec.json.decode(progress))

    async def add_log(self, queue: str, job_id: str, row: str, keep: int | None) -> int:
        self._told.logs.append(row)
        return len(self._told.logs)
