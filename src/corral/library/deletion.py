"""Deleting finalized jobs, and telling of each one and of each group that has no job left."""

from typing import Any

from corral.library.events import JobDelete, JobGroupDelete
from corral.library.handlers import Handlers
from corral.library.metadata import group_of
from corral.library.naming import parts_of
from corral.store.store import Store

_BATCH = 1_000
_EARLIEST = 1_000_000_000_000  # BullMQ's script compares times as text, so they must have as many digits as today's


async def delete_old(store: Store, queue: str, before: int, handlers: Handlers) -> int:
    """Delete the jobs that were finalized at `before` (ms) or earlier; how many."""
    deleted = 0
    for state in ("completed", "failed") if before >= _EARLIEST else ():
        while True:
            options = await _options(store, queue, state) if handlers else {}
            gone = await store.queue_moves.clean(queue, state, before, _BATCH)
            emptied = await store.groups.forget(queue, gone) if gone else []
            if handlers:
                _tell(queue, gone, options, handlers)
                for group in emptied:
                    handlers.tell(JobGroupDelete(job_group=group, queue=queue))
            deleted += len(gone)
            if len(gone) < _BATCH:
                break
    return deleted


async def _options(store: Store, queue: str, state: str) -> dict[str, dict[str, Any]]:
    """Of the jobs that go next, as nobody can ask for them afterwards."""
    oldest = await store.jobs.in_states(queue, (state,), 0, _BATCH - 1, True)
    return {job.id: job.opts for job in oldest}


def _tell(queue: str, job_ids: list[str], options: dict[str, dict[str, Any]], handlers: Handlers) -> None:
    for job_id in job_ids:
        handlers.tell(JobDelete(job_id=job_id, job_name=parts_of(queue)[0], queue=queue))
        opts = options.get(job_id, {})
        if "group" not in opts:
            handlers.tell(JobGroupDelete(job_group=group_of(queue, job_id, opts), queue=queue))
