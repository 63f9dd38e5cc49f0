"""add: store new jobs and show them as BullMQ shows a job right after adding it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from corral.model.job import Job, JobOptions, NewJob
from corral.policy.parents import parent_key, parent_link
from corral.store.store import Store


async def add(store: Store, queue: str, jobs: Sequence[NewJob], now: int) -> list[Job]:
    """Store all of the jobs or none. One round trip; adds of one loop tick share it."""
    ids = await store.jobs.add(queue, jobs, now)
    qualified = f"{store.prefix}:{queue}"
    return [added(qualified, job, job_id, now) for job, job_id in zip(jobs, ids, strict=True)]


def added(qualified: str, job: NewJob, job_id: str, now: int) -> Job:
    """The job as it is shown before anybody reads it back; `qualified` is `prefix:queue`."""
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
        **_parent(opts),
    )


def _parent(opts: JobOptions) -> dict[str, Any]:
    link = parent_link(opts)
    return {} if link is None else {"parent_key": parent_key(opts), "parent": msgspec.Raw(msgspec.json.encode(link))}
