"""Queues as they are looked at: what is in them, their limits, and what was done in them per minute."""

import msgspec

from corral.model.endpoint import Limiter


class JobsPerMinute(msgspec.Struct, frozen=True):
    """Jobs that ended for good in the last whole minute; 0 where the workers collect no metrics."""

    completed: int = 0
    failed: int = 0


class QueueInfo(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One queue. `counts` has every state of BullMQ 6; `concurrency` and `rate_limit` hold over all workers."""

    name: str
    paused: bool
    counts: dict[str, int]
    concurrency: int | None = None
    rate_limit: Limiter | None = None
    per_minute: JobsPerMinute = JobsPerMinute()
    max_len_events: int | None = None
    version: str | None = None
    """What the last BullMQ program that opened the queue wrote of itself, such as `bullmq:6.7.0`."""


class QueueDetails(QueueInfo, frozen=True, rename="camel", kw_only=True):
    """One queue seen closely. `workers` are the connections that wait for its jobs, of every program."""

    workers: int
    rate_limit_ttl: int
    """Milliseconds until a job may be claimed again; 0 when the rate limit is not used up."""


class MetricsMeta(msgspec.Struct, frozen=True):
    """How many jobs ended in all, and where the counting of the current minute began (ms, jobs)."""

    count: int = 0
    prev_ts: int = msgspec.field(default=0, name="prevTS")
    prev_count: int = msgspec.field(default=0, name="prevCount")


class Metrics(msgspec.Struct, frozen=True):
    """Jobs that ended, per minute, the newest whole minute first; `count` is how many minutes are kept."""

    meta: MetricsMeta
    data: list[int]
    count: int
