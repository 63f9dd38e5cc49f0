"""advance: a job of a series, once claimed, puts the next one of the series into the queue."""

from corral.model.job import ClaimedJob
from corral.policy.recurrence import next_iteration, next_job_opts
from corral.store.schedulers import Following
from corral.store.store import Store


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
