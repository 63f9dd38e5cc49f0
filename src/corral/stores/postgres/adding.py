"""The statements that add jobs: for jobs that are alike one for all, for others BullMQ's own functions."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple

import msgspec

from corral.model.job import JobOptions, NewJob
from corral.policy.groups import group_of
from corral.policy.parents import parent_key
from corral.policy.recurrence import repeat_key
from corral.policy.scheduling import new_scheduler
from corral.stores.postgres.names import Names

_encode = msgspec.json.Encoder().encode
_NO_OPTIONS = {"attempts": 0}
_NO_OPTIONS_TEXT = '{"attempts":0}'
_UNUSUAL = ("parent", "deduplication", "repeat", "debounce")
_NOT_REPEATED = frozenset({"repeat", "jobId", "delay", "timestamp"})
_MOST_ATTEMPTS = 2**31 - 1  # the column holds no more; the options tell the truth


class Statement(NamedTuple):
    """The name of one in `sql/` and its parameters. Its first column is the ids of the jobs, or the id of the one."""

    name: Literal["add", "add_each", "add_grouped", "put_scheduler"]
    args: tuple[Any, ...]


def is_alike(job: NewJob) -> bool:
    """Whether it can be stored with others in one go: nothing else depends on it, and it on nothing else."""
    opts = job.opts
    return opts == _NO_OPTIONS or not any(opts.get(name) for name in _UNUSUAL)


def statements(names: Names, queue: str, jobs: Sequence[NewJob], now: int, *, alone: bool = True) -> list[Statement]:
    """What adds the jobs in order. More than one have to be run in one transaction; `alone`: they are all that is.

    Raises InvalidInput for a repetition that cannot be.
    """
    if all(map(is_alike, jobs)):
        return [alike(queue, jobs, [now] * len(jobs), alone=alone)]
    found: list[Statement] = []
    for repeated, group in groupby(jobs, lambda job: bool(job.opts.get("repeat"))):
        if repeated:
            found += [_repeated(queue, job, now) for job in group]
        else:
            entries = [entry(names, queue, job, now) for job in group]
            found.append(Statement("add_each", (_encode(entries).decode(),)))
    return found


def alike(queue: str, jobs: Sequence[NewJob], times: Sequence[int], *, alone: bool = True) -> Statement:
    """Stores jobs of which each `is_alike`; `times` is when each was asked for (ms)."""
    texts, attempts = [], []
    plain = True
    for job in jobs:
        opts = job.opts
        if opts == _NO_OPTIONS:
            texts.append(_NO_OPTIONS_TEXT)
            attempts.append(0)
        else:
            plain = False
            texts.append(_encode(opts).decode())
            attempts.append(_attempts(opts))
    rest: tuple[list[Any] | None, ...] = (None, None, None, None)
    if not plain:
        times = [job.opts.get("timestamp") or now for job, now in zip(jobs, times, strict=True)]
        rest = tuple(_column(jobs, option) for option in ("jobId", "priority", "delay", "lifo"))
    named, data = [job.name for job in jobs], [job.data.decode() for job in jobs]
    args = (queue, alone, named, data, texts, times, attempts, *rest)
    groups = [] if plain else [group_of(job.opts) for job in jobs]
    if not any(groups):
        return Statement("add", args)
    ids, places = zip(*(group or (None, None) for group in groups), strict=True)
    return Statement("add_grouped", (*args, ids, places))


def entry(names: Names, queue: str, job: NewJob, now: int) -> dict[str, Any]:
    """The job as BullMQ's functions take it."""
    opts = job.opts
    parent = opts.get("parent") or {}
    if parent:
        opts = {**opts, "parent": {**parent, "queue": names.inward(parent["queue"])}}
    deduplication = opts.get("deduplication") or opts.get("debounce") or {}
    return {
        "queue": queue,
        "id": opts.get("jobId") or "",
        "name": job.name,
        "data": job.data.decode(),
        "opts": opts,
        "priority": opts.get("priority") or 0,
        "delay": opts.get("delay") or 0,
        "timestamp": opts.get("timestamp") or now,
        "attempts": _attempts(opts),
        "parentQueue": opts["parent"]["queue"] if parent else None,
        "parentId": parent.get("id"),
        "parentKey": parent_key(opts),
        "dedupId": deduplication.get("id"),
        "lifo": bool(opts.get("lifo")),
    }


def _repeated(queue: str, job: NewJob, now: int) -> Statement:
    """A job added with `repeat` is the first of a scheduler, which BullMQ 6 has in place of repeatable jobs."""
    template = {name: value for name, value in job.opts.items() if name not in _NOT_REPEATED}
    key = repeat_key(job.name, job.opts["repeat"], job.opts.get("jobId", ""))
    made = new_scheduler(key, job.name, job.data, job.opts["repeat"], template, now)
    parts = (_encode(part).decode() for part in (made.template, made.record, made.first))
    args = (queue, made.key, made.due, made.data.decode(), *parts, now, None)
    return Statement("put_scheduler", args)


def _attempts(opts: JobOptions) -> int:
    return min(int(opts.get("attempts") or 0), _MOST_ATTEMPTS)


def _column(jobs: Sequence[NewJob], option: str) -> list[Any] | None:
    """The option of each, or nothing when no job has it."""
    values = [job.opts.get(option) or None for job in jobs]
    return values if any(values) else None
