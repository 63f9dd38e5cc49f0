"""The orchestrator: fires repeating jobs, deletes old ones, and looks after queues that have no worker."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypedDict, Unpack

from corral.library import cancelling, deletion, repeats
from corral.library.context import Context
from corral.library.daemon import Daemon
from corral.library.definition import JobDefinition
from corral.library.events import JobEnqueue, JobGroupDelete, JobSchedule
from corral.library.naming import queue_of
from corral.library.options import FOR_EVER, job_options
from corral.model.errors import StoreError, StoreUnavailable
from corral.model.job import NewJob
from corral.observe import log
from corral.store.jobs import ClaimRequest
from corral.store.store import Store

_UPKEEP_SECS = 5.0


class OrchestratorOptions(TypedDict, total=False):
    """How often it looks for repeats of other processes, and for jobs to delete."""

    job_schedule_poll_secs: float
    job_delete_poll_secs: float


class Orchestrator(Daemon):
    """Any number of them are safe, in any processes. It works for the definitions registered with its context.

    It starts at once when it is made in a running event loop, else with `run` or `async with`.
    """

    def __init__(self, context: Context, **options: Unpack[OrchestratorOptions]) -> None:
        self._schedule_poll = options.get("job_schedule_poll_secs", 5.0)
        self._delete_poll = options.get("job_delete_poll_secs", 300.0)
        super().__init__(context)

    async def _work(self) -> None:
        store = await self.context.store()
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._lasting_loop(lambda: self._fire(store)))
            loops.create_task(self._lasting_loop(lambda: self._delete(store)))
            loops.create_task(self._lasting_loop(lambda: self._keep_up(store)))

    async def _lasting_loop(self, work: Callable[[], Awaitable[float]]) -> None:
        """Again and again, after as many seconds as it says or when something is registered, until stopped."""
        news = self.context.subscribe()
        try:
            while not self.stopping.is_set():
                news.clear()
                seconds = 1.0
                try:
                    seconds = await work()
                except (StoreUnavailable, StoreError):
                    pass  # the connection tells of it
                except Exception as error:  # noqa: BLE001 - the other loops have to go on
                    log.unexpected("an orchestrator", error)
                await self._pause(news, seconds)
        finally:
            self.context.unsubscribe(news)

    async def _fire(self, store: Store) -> float:
        """Enqueue what is due; how long nothing else is. Another look tells when that which was due is due again."""
        now = self.context.clock()
        found = await repeats.stored_repeats(store.records)
        mine = {name: one for name, one in found.items() if name in self.context.registered}
        due = [name for name, (_, repeat) in mine.items() if repeat.is_due(now)]
        for name in due:
            stored, _ = mine[name]
            await self._occur(store, self.context.registered[name], stored)
        coming = [repeat.due - now for _, repeat in mine.values() if repeat.due > now]
        return 0.0 if due else min([self._schedule_poll, *(ms / 1000 for ms in coming)])

    async def _occur(self, store: Store, definition: JobDefinition[Any, Any], stored: bytes) -> None:
        context, name = self.context, definition.name
        taken = await repeats.begin(store.records, name, stored, context.clock())
        if taken is None:
            return
        context.handlers.tell(JobSchedule(job_name=name))
        queue = queue_of(name, definition.terms.channel)
        if queue != name:
            await context.saw_channel(queue)
        opts = {**job_options(definition.terms, None, {}), "jobId": taken.job_id}
        (job_id,) = await store.jobs.add(queue, [NewJob(name, b"null", opts)], context.clock())
        context.handlers.tell(JobEnqueue(job_id=job_id, job_name=name, queue=queue))
        await repeats.end(store.records, name, taken)

    async def _delete(self, store: Store) -> float:
        context = self.context
        keep_ms = round(context.job_post_finalize_delete_secs * 1000)
        for queue in await context.queues():
            await deletion.delete_old(store, queue, context.clock() - keep_ms, context.handlers)
        return self._delete_poll

    async def _keep_up(self, store: Store) -> float:
        context = self.context
        for queue in await context.queues():
            now = context.clock()
            await store.jobs.rescue(queue, FOR_EVER, context.lock_ms, now)
            await store.jobs.claim(queue, ClaimRequest(0, "orchestrator", 0, context.lock_ms), now)  # promotes
            for group in (await store.groups.sweep(queue, now)).emptied:
                context.handlers.tell(JobGroupDelete(job_group=group, queue=queue))
        await cancelling.sweep(store, context.clock())
        return _UPKEEP_SECS
