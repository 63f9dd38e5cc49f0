"""Calls of BullMQ's own scripts that add one job, or a scheduler with its first job."""

from typing import Any

import msgspec

from corral.model.job import JobOptions, NewJob
from corral.model.scheduler import NewScheduler
from corral.policy.options import encode_short
from corral.policy.parents import parent_key, parent_link
from corral.policy.recurrence import repeat_key
from corral.policy.refusals import refusal
from corral.policy.scheduling import new_scheduler
from corral.stores.redis.keys import QueueKeys
from corral.stores.redis.run import Call, Value
from corral.stores.redis.scripts import official

_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_NO_OPTIONS = {"attempts": 0}
_NO_OPTIONS_PACKED = _json(_NO_OPTIONS)
_NOT_REPEATED = frozenset({"repeat", "jobId", "delay", "timestamp"})


def plain_args(job: NewJob, now: int) -> tuple[Value, ...]:
    """What corral's own scripts take for each plain job."""
    opts = job.opts
    packed = _NO_OPTIONS_PACKED if opts == _NO_OPTIONS else _json(encode_short(opts))
    return job.name, job.data, packed, opts.get("timestamp") or now


def add_call(keys: QueueKeys, job: NewJob, now: int, job_id: str = "", has_children: bool = False) -> Call:
    """For a job with a delay, a priority, an id of its own, a parent or children; `job_id` is one given up front."""
    name, keys_taken = _script(job.opts, has_children)
    return official(name), keys.many(*keys_taken), _add_args(keys, job, now, job_id)


def repeat_call(keys: QueueKeys, job: NewJob, now: int) -> Call:
    """A job added with `repeat` is the first of a scheduler, which BullMQ 6 has in place of repeatable jobs.

    Raises `InvalidInput`.
    """
    template = {name: value for name, value in job.opts.items() if name not in _NOT_REPEATED}
    key = repeat_key(job.name, job.opts["repeat"], job.opts.get("jobId", ""))
    return scheduler_call(keys, new_scheduler(key, job.name, job.data, job.opts["repeat"], template, now), now)


def scheduler_call(keys: QueueKeys, scheduler: NewScheduler, now: int) -> Call:
    """Answers the id of the next job and its delay."""
    names = ("repeat", "delayed", "wait", "paused", "meta", "prioritized", "marker", "id", "events", "pc", "active")
    args: tuple[Value, ...] = (
        scheduler.due,
        _pack(scheduler.record),
        scheduler.key,
        scheduler.data,
        _pack(encode_short(scheduler.template)),
        _pack(encode_short(scheduler.first)),
        now,
        keys.base,
        "",
    )
    return official("addJobScheduler"), keys.many(*names), args


def added_id(reply: Any, job_id: str = "") -> str:
    """What such a call answered. Raises what a refusal means."""
    if isinstance(reply, list):  # the scheduler script answers id and delay
        reply = reply[0]
    if isinstance(reply, int) and reply < 0:
        raise refusal(reply, job_id, "addJob")
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def _script(opts: JobOptions, has_children: bool) -> tuple[str, tuple[str, ...]]:
    if has_children:
        return "addParentJob", ("meta", "id", "delayed", "waiting-children", "completed", "events")
    if opts.get("delay"):
        return "addDelayedJob", ("marker", "meta", "id", "delayed", "completed", "events")
    if opts.get("priority"):
        names = ("marker", "meta", "id", "prioritized", "delayed", "completed", "active", "events", "pc")
        return "addPrioritizedJob", names
    names = ("wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker")
    return "addStandardJob", names


def _add_args(keys: QueueKeys, job: NewJob, now: int, job_id: str) -> tuple[Value, ...]:
    opts = job.opts
    parent = parent_key(opts)
    deduplication = (opts.get("deduplication") or {}).get("id")
    packed = [
        keys.base,
        job_id or opts.get("jobId") or "",
        job.name,
        opts.get("timestamp") or now,
        parent,
        f"{parent}:dependencies" if parent else None,
        parent_link(opts),
        None,
        f"{keys.base}de:{deduplication}" if deduplication else None,
    ]
    return _pack(packed), job.data, _pack(encode_short(opts))
