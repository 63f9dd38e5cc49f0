"""Schedulers: storing one with its first job, and advance: a claimed job puts the next of its series into the queue."""

import msgspec

from corral.lifecycle.add import added
from corral.model.job import ClaimedJob, Job, NewJob
from corral.model.scheduler import NewScheduler
from corral.policy.recurrence import next_iteration, next_job_opts
from corral.store.schedulers import Following, PutScheduler
from corral.store.store import Store


async def put_scheduler(
    store: Store, queue: str, scheduler: NewScheduler, now: int, revision: str | None = None
) -> tuple[PutScheduler, Job]:
    """Store the scheduler; its next job as BullMQ shows it. One round trip. Raises as `SchedulerStore.put`."""
    put = await store.schedulers.put(queue, scheduler, now, revision)
    opts = {"attempts": 0, **scheduler.first, "jobId": put.job_id, "delay": put.delay}
    shown = {name: value for name, value in opts.items() if name != "repeatJobKey"}
    job = added(f"{store.prefix}:{queue}", NewJob(scheduler.name, scheduler.data, shown), put.job_id, now)
    return put, msgspec.structs.replace(job, repeat_job_key=scheduler.key)


async def advance(store: Store, queue: str, claimed: ClaimedJob, now: int) -> None:
    """Add the iteration after this job, unless the series has reached its limit or end.

    Any worker may do it, also twice: only the newest iteration produces the next. Raises `InvalidInput` for a
    pattern that cannot be read, `StoreUnavailable`.
    """
    job = claimed.job
    key, repeat = job.repeat_job_key, job.opts.get("repeat")
    if not isinstance(key, str) or not isinstance(repeat, dict):
        return
    if key.count(":") >= 4 and not await store.schedulers.exists(queue, key):
        return  # a repeatable job of BullMQ 5, which only BullMQ 5 can carry on
    following = next_iteration(repeat, now, job.opts.get("prevMillis") or 0)
    if following is not None:
        opts = next_job_opts(following, key, repeat, job.opts, now)
        added = Following(key, job.id, following.millis or 0, bytes(job.data), opts)
        await store.schedulers.advance(queue, added, now)
