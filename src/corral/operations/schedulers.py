"""Operations on job schedulers: named factories that make the jobs of a series, one after the other."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec

from corral.lifecycle.schedule import put_scheduler
from corral.model.errors import BadField, InvalidInput, NotFound, NotInState
from corral.model.job import Job
from corral.model.scheduler import NewScheduler, Scheduler, StoredScheduler
from corral.operations.job_input import GivenOptions, Name, plain
from corral.operations.operation import Operation, Permission
from corral.operations.queue_moves import OneQueue
from corral.operations.services import Services
from corral.policy.options import tidy
from corral.policy.scheduling import new_scheduler, template_options
from corral.policy.upcoming import upcoming

_PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000)]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, lt=2**53)]
_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Moment = int | float | str
"""Milliseconds since the epoch, or a date as JavaScript reads it."""
_AT_ONCE = 20


class Repeat(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """When the jobs come: `every` so many milliseconds, or by a cron `pattern` (with six fields, seconds come first).

    `tz` is the pattern's time zone (an IANA name, else UTC) and `hashSeed` decides what its `H` stand for. `offset`
    (ms) moves the slots of `every`. `limit` is the number of jobs. With `immediately` the first one comes now.
    """

    every: _Milliseconds | None = None
    pattern: str | None = None
    tz: str | None = None
    limit: _Count | None = None
    start_date: _Moment | None = None
    end_date: _Moment | None = None
    offset: _Milliseconds | None = None
    immediately: bool | None = None
    count: _Count | None = None
    """Jobs that are behind already, for `limit`."""
    key: str | None = None
    hash_seed: str | None = None


class JobTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the jobs are like. Their name is the scheduler's id unless given; `data` is any JSON."""

    name: Name | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    opts: GivenOptions | None = None


class PutScheduler(msgspec.Struct, frozen=True):
    """The scheduler to store under the id, in place of the one that is there."""

    queue: str
    id: Name
    repeat: Repeat
    template: JobTemplate = JobTemplate()


class OneScheduler(msgspec.Struct, frozen=True):
    """Names the scheduler."""

    queue: str
    id: Name


class ListSchedulers(msgspec.Struct, frozen=True):
    """`cursor` is that of the page before."""

    queue: str
    cursor: str | None = None
    limit: _PageSize = 100


class ShownScheduler(Scheduler, frozen=True, kw_only=True, rename="camel"):
    """With its next five runs (ms); the first may be in the past, when its job waits for a worker."""

    next_runs: list[int]


class UpsertedScheduler(msgspec.Struct, frozen=True):
    """The scheduler and its next job."""

    scheduler: ShownScheduler
    job: Job


class SchedulersPage(msgspec.Struct, frozen=True, rename="camel"):
    """Schedulers by their next run, soonest first. `nextCursor` asks for the next page, null: this was the last.

    A page may be short of `limit`. A scheduler that runs meanwhile may come twice.
    """

    schedulers: Sequence[ShownScheduler]
    next_cursor: str | None


class SchedulerCount(msgspec.Struct, frozen=True):
    """How many schedulers the queue has."""

    count: int


class RemovedScheduler(msgspec.Struct, frozen=True):
    """False: there was no such scheduler."""

    removed: bool


async def upsert(services: Services, request: PutScheduler) -> UpsertedScheduler:
    """Replaces the next job too, unless a worker has it. Raises `BadField`, `NotInState` when its place is taken."""
    now = services.clock()
    put, job = await put_scheduler(services.store, request.queue, _new(request, now), now)
    if put.stored is None:
        raise NotFound(f"Scheduler {request.id} was removed meanwhile")
    return UpsertedScheduler(shown(put.stored, now), job)


async def get(services: Services, request: OneScheduler) -> ShownScheduler:
    """Raises `NotFound`."""
    stored = await services.store.schedulers.get(request.queue, request.id)
    if stored is None:
        raise NotFound(f"Scheduler {request.id} not found")
    return shown(stored, services.clock())


async def list_page(services: Services, request: ListSchedulers) -> SchedulersPage:
    """Raises `BadField` for a cursor from elsewhere."""
    page = await services.store.schedulers.page(request.queue, request.cursor, request.limit)
    return SchedulersPage(await _shown_all(page.schedulers, services.clock()), page.cursor)


async def list_range(services: Services, queue: str, start: int, end: int, asc: bool) -> list[ShownScheduler]:
    """Those at `start..end` (inclusive, -1: last) by their next run, latest first unless `asc`, as in BullMQ."""
    found = await services.store.schedulers.between(queue, start, end, asc)
    return await _shown_all(found, services.clock())


async def count(services: Services, request: OneQueue) -> SchedulerCount:
    return SchedulerCount(await services.store.schedulers.count(request.queue))


async def remove(services: Services, request: OneScheduler) -> RemovedScheduler:
    """Its next job goes too, unless a worker has it."""
    return RemovedScheduler(await services.store.schedulers.remove(request.queue, request.id))


def shown(stored: StoredScheduler, now: int) -> ShownScheduler:
    """As BullMQ shows it, with its next runs."""
    return ShownScheduler(**msgspec.structs.asdict(stored.scheduler), next_runs=upcoming(stored, now))


async def _shown_all(found: Sequence[StoredScheduler], now: int) -> list[ShownScheduler]:
    listed = []
    for index, stored in enumerate(found, 1):
        listed.append(shown(stored, now))
        if index % _AT_ONCE == 0:
            await asyncio.sleep(0)  # five runs of a pattern take 0.1 ms to find: others may go between
    return listed


def _new(request: PutScheduler, now: int) -> NewScheduler:
    template = request.template
    try:
        opts = template_options(plain(template.opts))
    except InvalidInput as error:
        raise BadField.at("/template/opts", error) from None
    data = b"{}" if template.data is msgspec.UNSET or bytes(template.data) == b"null" else bytes(template.data)
    repeat = tidy(msgspec.to_builtins(request.repeat))
    try:
        return new_scheduler(request.id, template.name or request.id, data, repeat, opts, now)
    except InvalidInput as error:
        raise BadField.at("/repeat", error) from None


OPERATIONS = (
    Operation(
        name="listJobSchedulers",
        method="GET",
        path="/v1/queues/{queue}/schedulers",
        summary="List the schedulers of a queue by their next run.",
        request=ListSchedulers,
        response=SchedulersPage,
        run=list_page,
        permission=Permission.READ,
        tag="schedulers",
        errors=(BadField,),
        fn="getJobSchedulers",
    ),
    Operation(
        name="countJobSchedulers",
        method="GET",
        path="/v1/queues/{queue}/scheduler-count",
        summary="Count the schedulers of a queue.",
        request=OneQueue,
        response=SchedulerCount,
        run=count,
        permission=Permission.READ,
        tag="schedulers",
        fn="getJobSchedulersCount",
        bare="count",
    ),
    Operation(
        name="getJobScheduler",
        method="GET",
        path="/v1/queues/{queue}/schedulers/{id}",
        summary="Show a scheduler and when it runs next.",
        request=OneScheduler,
        response=ShownScheduler,
        run=get,
        permission=Permission.READ,
        tag="schedulers",
        errors=(NotFound,),
        tagged=True,
        fn="getJobScheduler",
        args=("id",),
    ),
    Operation(
        name="upsertJobScheduler",
        method="PUT",
        path="/v1/queues/{queue}/schedulers/{id}",
        summary="Make a scheduler, or change it.",
        request=PutScheduler,
        response=UpsertedScheduler,
        run=upsert,
        permission=Permission.MANAGE,
        tag="schedulers",
        errors=(InvalidInput, BadField, NotInState, NotFound),
        fn="upsertJobScheduler",
        args=("id", "repeat", "template"),
        bare="job",
        example={
            "repeat": {"pattern": "0 30 7 * * MON-FRI", "tz": "Europe/Berlin"},
            "template": {"name": "report", "data": {"kind": "daily"}, "opts": {"attempts": 3}},
        },
    ),
    Operation(
        name="removeJobScheduler",
        method="DELETE",
        path="/v1/queues/{queue}/schedulers/{id}",
        summary="Remove a scheduler and its next job.",
        request=OneScheduler,
        response=RemovedScheduler,
        run=remove,
        permission=Permission.MANAGE,
        tag="schedulers",
        fn="removeJobScheduler",
        args=("id",),
        bare="removed",
    ),
)
