"""Operations that move all jobs of one state back to waiting, and the one that shortens the event stream."""

from typing import Annotated

import msgspec

from corral.lifecycle import queue_moves as moves
from corral.lifecycle.queue_moves import Retryable
from corral.operations.operation import Operation, Permission
from corral.operations.queue_moves import Batch
from corral.operations.services import Services

Time = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Milliseconds since the epoch.")]
Length = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="About how many events to keep.")]


class RetryJobs(msgspec.Struct, frozen=True):
    """Jobs that ended at `timestamp`, unset meaning now, or earlier."""

    queue: str
    state: Retryable = "failed"
    timestamp: Time | None = None
    count: Batch = 1000


class PromoteJobs(msgspec.Struct, frozen=True):
    """Names the queue; `count` is how many jobs go at a time."""

    queue: str
    count: Batch = 1000


class TrimEvents(msgspec.Struct, frozen=True, rename="camel"):
    """How long the event stream may stay."""

    queue: str
    max_length: Length


class Trimmed(msgspec.Struct, frozen=True):
    """How many events went."""

    trimmed: int


async def retry_jobs(services: Services, request: RetryJobs) -> None:
    """Priorities are not kept, as by BullMQ: the jobs wait behind all others without one."""
    until = services.clock() if request.timestamp is None else request.timestamp
    await moves.retry_all(services.store, request.queue, request.state, until, request.count)


async def promote_jobs(services: Services, request: PromoteJobs) -> None:
    """Priorities are not kept, as by BullMQ."""
    await moves.promote_all(services.store, request.queue, request.count)


async def trim_events(services: Services, request: TrimEvents) -> Trimmed:
    return Trimmed(await services.store.queue_moves.trim_events(request.queue, request.max_length))


OPERATIONS = (
    Operation(
        name="retryJobs",
        method="POST",
        path="/v1/queues/{queue}/retry",
        summary="Move every failed, or every completed, job back to waiting.",
        request=RetryJobs,
        response=None,
        status=204,
        run=retry_jobs,
        permission=Permission.MANAGE,
        tag="queues",
        fn="retryJobs",
        args=("*",),
        example={"state": "failed"},
    ),
    Operation(
        name="promoteJobs",
        method="POST",
        path="/v1/queues/{queue}/promote",
        summary="Move every delayed job to waiting.",
        request=PromoteJobs,
        response=None,
        status=204,
        run=promote_jobs,
        permission=Permission.MANAGE,
        tag="queues",
        fn="promoteJobs",
        args=("*",),
    ),
    Operation(
        name="trimEvents",
        method="POST",
        path="/v1/queues/{queue}/trim-events",
        summary="Drop old events of the queue's stream.",
        request=TrimEvents,
        response=Trimmed,
        run=trim_events,
        permission=Permission.MANAGE,
        tag="queues",
        fn="trimEvents",
        args=("max_length",),
        bare="trimmed",
        example={"maxLength": 1000},
    ),
)
