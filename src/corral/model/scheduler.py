"""Job schedulers: named factories that put the next job of a series into the queue."""

from typing import Any

import msgspec

from corral.model.job import JobOptions


class NewScheduler(msgspec.Struct, frozen=True, gc=False):
    """A scheduler to store, in place of one with the same key, and its next job.

    `record` is what is kept of its recurrence, `template` the options for its jobs, `first` those of the next
    one. `due` is when that one runs (ms), or 0 where the interval of the scheduler decides.
    """

    key: str
    name: str
    data: bytes
    record: dict[str, Any]
    template: JobOptions
    first: JobOptions
    due: int = 0


class Template(msgspec.Struct, frozen=True):
    """What the jobs of a scheduler are made of, beside their name."""

    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    opts: JobOptions | msgspec.UnsetType = msgspec.UNSET


class Scheduler(msgspec.Struct, frozen=True, rename="camel"):
    """A stored scheduler as BullMQ shows it. `next` is when its next job runs; times are ms since the epoch."""

    key: str
    name: str
    next: int
    iteration_count: int | msgspec.UnsetType = msgspec.UNSET
    limit: int | msgspec.UnsetType = msgspec.UNSET
    start_date: int | msgspec.UnsetType = msgspec.UNSET
    end_date: int | msgspec.UnsetType = msgspec.UNSET
    tz: str | msgspec.UnsetType = msgspec.UNSET
    pattern: str | msgspec.UnsetType = msgspec.UNSET
    every: int | msgspec.UnsetType = msgspec.UNSET
    offset: int | msgspec.UnsetType = msgspec.UNSET
    template: Template | msgspec.UnsetType = msgspec.UNSET


class StoredScheduler(msgspec.Struct, frozen=True):
    """A scheduler with what its next job carries on: `repeat` is that job's, None when there is no such job.

    `started`: a worker has taken it up already. `revision` is another one after every change of what was put,
    and the same after a run.
    """

    scheduler: Scheduler
    repeat: dict[str, Any] | None = None
    started: bool = False
    revision: str = ""
