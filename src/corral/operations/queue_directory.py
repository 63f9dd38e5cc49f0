"""Operations that look at queues: which there are, what they hold, and what was done in them."""

import asyncio
from typing import Annotated, Literal

import msgspec

from corral.model.errors import QueueNotFound
from corral.model.queue import Metrics, QueueDetails, QueueInfo
from corral.operations.operation import Operation, Permission
from corral.operations.queue_moves import OneQueue
from corral.operations.services import Services
from corral.policy.cursors import decode_cursor, encode_cursor
from corral.store.directory import NameQuery
from corral.store.metrics import Ending

PageSize = Annotated[int, msgspec.Meta(ge=1, le=100, description="Most queues of a page.")]
Pattern = Annotated[str, msgspec.Meta(max_length=200, description="`*` is any text, `?` one character.")]
Priority = Annotated[int, msgspec.Meta(ge=0, le=2_097_152, description="0 is no priority.")]
Index = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
Moment = Annotated[
    int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1, description="Only jobs due before it; ms since the epoch.")
]
State = Literal["waiting", "prioritized", "active", "delayed", "waiting-children", "completed", "failed"]
_STATES: tuple[State, ...] = (
    "waiting", "prioritized", "active", "delayed", "waiting-children", "completed", "failed",
)  # fmt: skip


class ListQueues(msgspec.Struct, frozen=True):
    """`cursor` is that of the page before."""

    name: Pattern = "*"
    cursor: str | None = None
    limit: PageSize = 20


class QueuePage(msgspec.Struct, frozen=True, rename="camel"):
    """Queues by name. `nextCursor` asks for the next page, null: this was the last. A page may be short of `limit`."""

    queues: list[QueueInfo]
    next_cursor: str | None


class CountJobs(msgspec.Struct, frozen=True):
    """No states mean all."""

    queue: str
    states: list[State] = []


class CountDelayed(msgspec.Struct, frozen=True):
    """No time means all of them."""

    queue: str
    timestamp: Moment | None = None


class DelayedCount(msgspec.Struct, frozen=True):
    """How many delayed jobs there are."""

    count: int


class EventReaders(msgspec.Struct, frozen=True):
    """What the engine says of each connection, and the queue as `name`."""

    clients: list[dict[str, str]]


class CountPriorities(msgspec.Struct, frozen=True):
    """Which priorities to count the waiting jobs of."""

    queue: str
    priorities: list[Priority]


class GetMetrics(msgspec.Struct, frozen=True):
    """The points `start..end` (inclusive, the newest first); -1 is the last."""

    queue: str
    type: Ending
    start: Index = 0
    end: Index = -1


async def list_queues(services: Services, request: ListQueues) -> QueuePage:
    """Queues that are gone are dropped from the list as they are met."""
    directory, now = services.store.directory, services.clock()
    after = "" if request.cursor is None else decode_cursor(request.cursor)
    names, end = await directory.names(NameQuery(request.limit, after, request.name), now)
    found = await directory.describe(names, now)
    await directory.forget([name for name, info in zip(names, found, strict=True) if info is None])
    return QueuePage([info for info in found if info is not None], None if end is None else encode_cursor(end))


async def get_queue(services: Services, request: OneQueue) -> QueueDetails:
    """Raises `QueueNotFound`."""
    store, queue, now = services.store, request.queue, services.clock()
    (info,), workers, ttl = await asyncio.gather(
        store.directory.describe([queue], now),
        store.queues.workers(queue),
        store.queue_limits.throttled_for(queue, None, now),
    )
    if info is None:
        raise QueueNotFound("Queue not found")
    return QueueDetails(**msgspec.structs.asdict(info), workers=len(workers), rate_limit_ttl=ttl)


async def count_jobs(services: Services, request: CountJobs) -> dict[str, int]:
    """Jobs per state. The waiting jobs that BullMQ 5 keeps apart while a queue is paused are waiting here."""
    wanted = tuple(dict.fromkeys(request.states)) or _STATES
    counts = await services.store.queues.counts(request.queue, [*wanted, "paused"])
    paused = counts.pop("paused")
    if "waiting" in counts:
        counts["waiting"] += paused
    return counts


async def count_delayed(services: Services, request: CountDelayed) -> DelayedCount:
    """Those that are due before the time, as by BullMQ."""
    queues = services.store.queues
    if request.timestamp is not None:
        return DelayedCount(await queues.delayed_before(request.queue, request.timestamp))
    return DelayedCount((await queues.counts(request.queue, ["delayed"]))["delayed"])


async def event_readers(services: Services, request: OneQueue) -> EventReaders:
    """Listeners on corral's own routes and sockets are not among them: all of a process share one connection."""
    return EventReaders(await services.store.queues.event_readers(request.queue))


async def count_priorities(services: Services, request: CountPriorities) -> dict[str, int]:
    """Waiting jobs per priority."""
    wanted = list(dict.fromkeys(request.priorities))
    counts = await services.store.queues.counts_per_priority(request.queue, wanted)
    return {str(priority): count for priority, count in zip(wanted, counts, strict=True)}


async def get_metrics(services: Services, request: GetMetrics) -> Metrics:
    """Workers collect them: corral's as CORRAL_METRICS_POINTS says, those of BullMQ by their option `metrics`."""
    return await services.store.metrics.read(request.queue, request.type, request.start, request.end)


OPERATIONS = (
    Operation(
        name="listQueues",
        method="GET",
        path="/v1/queues",
        summary="Every queue, whatever program made it; one of another program may take a minute to appear.",
        request=ListQueues,
        response=QueuePage,
        run=list_queues,
        permission=Permission.READ,
        tag="queues",
    ),
    Operation(
        name="getQueue",
        method="GET",
        path="/v1/queues/{queue}",
        summary="One queue: what it holds, its limits, its workers.",
        request=OneQueue,
        response=QueueDetails,
        run=get_queue,
        permission=Permission.READ,
        tag="queues",
        errors=(QueueNotFound,),
        tagged=True,
    ),
    Operation(
        name="countJobs",
        method="GET",
        path="/v1/queues/{queue}/counts",
        summary="Jobs per state.",
        request=CountJobs,
        response=dict[str, int],
        run=count_jobs,
        permission=Permission.READ,
        tag="queues",
    ),
    Operation(
        name="getDelayedCount",
        method="GET",
        path="/v1/queues/{queue}/delayed-count",
        summary="Count the delayed jobs, or those that are due before a time.",
        request=CountDelayed,
        response=DelayedCount,
        run=count_delayed,
        permission=Permission.READ,
        tag="queues",
        fn="getDelayedCount",
        args=("timestamp",),
        bare="count",
    ),
    Operation(
        name="getCountsPerPriority",
        method="GET",
        path="/v1/queues/{queue}/priorities",
        summary="Waiting jobs per priority; 0 are those without one.",
        request=CountPriorities,
        response=dict[str, int],
        run=count_priorities,
        permission=Permission.READ,
        tag="queues",
        fn="getCountsPerPriority",
        args=("priorities",),
    ),
    Operation(
        name="getMetrics",
        method="GET",
        path="/v1/queues/{queue}/metrics/{type}",
        summary="Jobs that completed, or failed for good, per minute.",
        request=GetMetrics,
        response=Metrics,
        run=get_metrics,
        permission=Permission.READ,
        tag="queues",
        fn="getMetrics",
        args=("type", "start", "end"),
    ),
    Operation(
        name="getQueueEvents",
        method="GET",
        path="/v1/queues/{queue}/event-readers",
        summary="The connections by which BullMQ's QueueEvents follow the queue.",
        request=OneQueue,
        response=EventReaders,
        run=event_readers,
        permission=Permission.READ,
        tag="queues",
        fn="getQueueEvents",
        bare="clients",
    ),
)
