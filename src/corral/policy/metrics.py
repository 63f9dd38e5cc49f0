"""What can be read from the points that BullMQ's workers collect: one per minute, written when a job ends."""

from corral.model.queue import MetricsMeta

_MINUTE = 60_000


def last_minute(meta: MetricsMeta, newest: int, now: int) -> int:
    """Jobs that ended in the whole minute before `now`; `newest` is the first point, 0 where there is none."""
    age = now // _MINUTE - meta.prev_ts // _MINUTE
    if age == 0:
        return newest
    return meta.count - meta.prev_count if age == 1 else 0
