"""Operations on job schedulers: named factories that make the jobs of a series, one after the other."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec

from corral.lifecycle.schedule import put_scheduler
from corral.model.errors import BadField, InvalidInput, NotFound, NotInState, PreconditionFailed
from corral.model.job import Job
from corral.model.scheduler import Scheduler, StoredScheduler
from corral.operations.job_input import Name
from corral.operations.operation import Operation, Permission
from corral.operations.queue_moves import OneQueue
from corral.operations.reply import Reply
from corral.operations.scheduler_input import PutScheduler, Tags, given_scheduler
from corral.operations.services import Services
from corral.policy.etags import etag_of, has_revision
from corral.policy.upcoming import upcoming
from corral.store.schedulers import ANY_REVISION

_PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000)]
_AT_ONCE = 20


class OneScheduler(msgspec.Struct, frozen=True):
    """Names the scheduler."""

    queue: str
    id: Name


class RemoveScheduler(msgspec.Struct, frozen=True):
    """Names the scheduler, and which one it must be."""

    queue: str
    id: Name
    if_match: Tags | None = None


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
    """Replaces the next job too, unless a worker has it.

    With `If-Match` the scheduler must be there and as it was when it was read; that it has run meanwhile does not
    matter. The engine looks and stores in one step: of several that have read the same, one changes it and the others
    get 412. Raises `BadField`, `NotInState` when the place of the next job is taken, `PreconditionFailed`.
    """
    now = services.clock()
    new = given_scheduler(request, now)
    revision = await _revision(services, request)
    put, job = await put_scheduler(services.store, request.queue, new, now, revision)
    if put.stored is None:
        raise NotFound(f"Scheduler {request.id} was removed meanwhile")
    return UpsertedScheduler(shown(put.stored, now), job)


async def get(services: Services, request: OneScheduler) -> Reply:
    """Raises `NotFound`. Its `ETag` changes with every run, but for `If-Match` only with the scheduler."""
    stored = await services.store.schedulers.get(request.queue, request.id)
    if stored is None:
        raise NotFound(f"Scheduler {request.id} not found")
    found = shown(stored, services.clock())
    return Reply(found, 200, etag=etag_of(msgspec.json.encode(found), stored.revision))


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


async def remove(services: Services, request: RemoveScheduler) -> RemovedScheduler:
    """Its next job goes too, unless a worker has it. `If-Match` promises what it does for a change."""
    revision = await _revision(services, request)
    return RemovedScheduler(await services.store.schedulers.remove(request.queue, request.id, revision))


def shown(stored: StoredScheduler, now: int) -> ShownScheduler:
    """As BullMQ shows it, with its next runs."""
    return ShownScheduler(**msgspec.structs.asdict(stored.scheduler), next_runs=upcoming(stored, now))


async def _revision(services: Services, request: PutScheduler | RemoveScheduler) -> str | None:
    """What the store is to find there, None: anything or nothing. Raises `PreconditionFailed`."""
    if request.if_match is None:
        return None
    if request.if_match.strip() == ANY_REVISION:
        return ANY_REVISION
    stored = await services.store.schedulers.get(request.queue, request.id)
    if stored is None or not has_revision(request.if_match, stored.revision):
        raise PreconditionFailed("The scheduler has changed since it was read")
    return stored.revision


async def _shown_all(found: Sequence[StoredScheduler], now: int) -> list[ShownScheduler]:
    listed = []
    for index, stored in enumerate(found, 1):
        listed.append(shown(stored, now))
        if index % _AT_ONCE == 0:
            await asyncio.sleep(0)  # five runs of a pattern take 0.1 ms to find: others may go between
    return listed


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
        headers={"if_match": "if-match"},
        errors=(InvalidInput, BadField, NotInState, NotFound, PreconditionFailed),
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
        request=RemoveScheduler,
        response=RemovedScheduler,
        run=remove,
        permission=Permission.MANAGE,
        tag="schedulers",
        headers={"if_match": "if-match"},
        errors=(PreconditionFailed,),
        fn="removeJobScheduler",
        args=("id",),
        bare="removed",
    ),
)
