"""add: store new jobs and show them as BullMQ shows a job right after adding it."""

from collections.abc import Sequence

import msgspec

from corral.model.job import Job, NewJob
from corral.store.store import Store


async def add(store: Store, queue: str, jobs: Sequence[NewJob], now: int) -> list[Job]:
    """Store all of the jobs or none. One round trip; adds of one loop tick share it."""
    ids = await store.jobs.add(queue, jobs, now)
    qualified = f"{store.prefix}:{queue}"
    return [_added(qualified, job, job_id, now) for job, job_id in zip(jobs, ids, strict=True)]


def _added(qualified: str, job: NewJob, job_id: str, now: int) -> Job:
    opts = job.opts
    if len(opts) == 1:  # attempts alone: the common case
        return Job(
            name=job.name,
            data=msgspec.Raw(job.data),
            opts=opts,
            id=job_id,
            timestamp=now,
            queue_qualified_name=qualified,
        )
    deduplication = opts.get("deduplication") or {}
    return Job(
        name=job.name,
        data=msgspec.Raw(job.data),
        opts=opts,
        id=job_id,
        delay=opts.get("delay", msgspec.UNSET),
        priority=opts.get("priority") or 0,
        timestamp=opts.get("timestamp") or now,
        queue_qualified_name=qualified,
        deduplication_id=deduplication.get("id", msgspec.UNSET),
    )
