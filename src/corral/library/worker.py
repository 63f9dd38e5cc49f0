"""A worker: runs the jobs of its context's definitions, on the channels that it serves."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from corral.library.cancelling import Notes
from corral.library.context import Context
from corral.library.daemon import Daemon
from corral.library.definition import JobDefinition
from corral.library.execution import Execution, Work
from corral.library.executors import Executors
from corral.library.naming import parts_of, queue_of
from corral.library.options import FOR_EVER
from corral.model.errors import InvalidInput, StoreError, StoreUnavailable
from corral.observe import log
from corral.store.store import Store
from corral.worker.budget import Budget
from corral.worker.worker import Worker as QueueWorker
from corral.worker.worker import WorkerSettings

_CANCEL_LOOK = 0.5


class WorkerOptions(TypedDict, total=False):
    """`poll_secs`: how soon channels are found that another process has enqueued to for the first time."""

    poll_secs: float


class Worker(Daemon):
    """Runs up to `concurrency` jobs at once, of all definitions that are registered, now or later.

    Without `channels` it takes every job; with them, the jobs of these channels alone. It starts at once when it is
    made in a running event loop, else with `run` or `async with`. Processing is at least once.
    """

    def __init__(
        self,
        context: Context,
        channels: Sequence[str] | None = None,
        concurrency: int = 1,
        **options: Unpack[WorkerOptions],
    ) -> None:
        if concurrency < 1:
            raise InvalidInput("A worker's concurrency has to be at least 1")
        self.id = str(uuid.uuid4())
        self._channels = None if channels is None else tuple(channels)
        for channel in self._channels or ():
            queue_of("name", channel)
        self._concurrency = concurrency
        self._poll = options.get("poll_secs", 2.0)
        self._executors = Executors(concurrency)
        self._workers: dict[str, tuple[QueueWorker, Execution]] = {}
        super().__init__(context)

    @property
    def queues(self) -> list[str]:
        """What it works on now."""
        return list(self._workers)

    @property
    def running(self) -> int:
        """Jobs that it runs, or whose outcome is not stored yet."""
        return sum(worker.busy for worker, _ in self._workers.values())

    async def _work(self) -> None:
        """Until stopped: see to it that every queue has its worker, and pass on what is cancelled."""
        store = await self.context.store()
        self._budget = Budget(self._concurrency)
        news = self.context.subscribe()
        looking = asyncio.create_task(self._look_for_cancelled(store))
        try:
            while not self.stopping.is_set():
                news.clear()
                await self._hire(store)
                await self._pause(news, self._poll)
        finally:
            self.context.unsubscribe(news)
            await self._dismiss()
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _dismiss(self) -> None:
        stops = [worker.stop(self.grace) for worker, _ in self._workers.values()]
        await asyncio.gather(*stops, return_exceptions=True)
        self._workers.clear()
        self._executors.close()

    async def _hire(self, store: Store) -> None:
        try:
            wanted = await self._wanted()
        except (StoreUnavailable, StoreError):
            return  # those that are there go on
        for queue in wanted:
            if queue not in self._workers:
                name, _ = parts_of(queue)
                self._workers[queue] = self._hired(store, queue, self.context.registered[name])

    async def _pause(self, news: asyncio.Event, seconds: float) -> None:
        await super()._pause(news, seconds)
        if news.is_set():  # it may be that time was moved
            for worker, _ in self._workers.values():
                worker.look()

    async def _wanted(self) -> list[str]:
        if self._channels is None:
            return await self.context.queues()
        return [queue_of(name, channel) for name in self.context.registered for channel in self._channels]

    def _hired(self, store: Store, queue: str, definition: JobDefinition[Any, Any]) -> tuple[QueueWorker, Execution]:
        context, terms = self.context, definition.terms
        call = self._executors.calling(definition.work_function, terms.executor, definition.signature.is_async)
        work = Work(definition.name, definition.signature, (definition.payload, definition.result), call)
        work.seconds = terms.execution_timeout_secs
        run = Execution(queue, work, store.jobs, context.handlers, self.id)
        settings = WorkerSettings(
            owner=str(uuid.uuid4()),
            concurrency=self._concurrency,
            max_stalled=FOR_EVER,
            lock_ms=context.lock_ms,
            stalled_ms=context.lock_ms,
        )
        store.directory.saw(queue)
        worker = QueueWorker(store, queue, run, settings, clock=context.clock, listener=log)
        worker.share(self._budget)
        worker.on_stored = run.stored
        worker.start()
        return worker, run

    async def _look_for_cancelled(self, store: Store) -> None:
        notes = Notes(store)
        while True:
            await asyncio.sleep(_CANCEL_LOOK)
            if not any(run.busy for _, run in self._workers.values()):
                continue
            try:
                found = [(one.queue, one.job_id) for one in await notes.look() if self._cancel(one.queue, one.job_id)]
                await notes.forget(found)
            except (StoreUnavailable, StoreError):
                continue

    def _cancel(self, queue: str, job_id: str) -> bool:
        hired = self._workers.get(queue)
        return hired is not None and hired[1].cancel(job_id)
