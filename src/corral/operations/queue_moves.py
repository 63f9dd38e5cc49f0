"""Operations that stop and start a queue, or remove what is in it."""

from typing import Annotated

import msgspec

from corral.lifecycle import queue_moves as moves
from corral.lifecycle.queue_moves import Cleanable, Cleaning
from corral.model.errors import QueueActive, QueueNotPaused
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services

Batch = Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Jobs that one step moves; all are moved in the end.")]
Grace = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Milliseconds: only older jobs are removed.")]
Limit = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Most jobs to remove; 0 is all.")]


class OneQueue(msgspec.Struct, frozen=True):
    """Names the queue and nothing else."""

    queue: str


class DrainQueue(msgspec.Struct, frozen=True):
    """With `delayed`, delayed jobs go too."""

    queue: str
    delayed: bool = False


class CleanQueue(msgspec.Struct, frozen=True):
    """A job is as old as its end, else the beginning of its last run, else its adding."""

    queue: str
    grace: Grace
    limit: Limit
    state: Cleanable = "completed"


class ObliterateQueue(msgspec.Struct, frozen=True):
    """With `force`, also while jobs are running."""

    queue: str
    force: bool = False
    count: Batch = 1000


class PausedFlag(msgspec.Struct, frozen=True):
    """Whether jobs are held back."""

    paused: bool


class Cleaned(msgspec.Struct, frozen=True):
    """The jobs that were removed."""

    count: int
    ids: list[str]


async def pause(services: Services, request: OneQueue) -> None:
    """No job is claimed until `resume`; running ones go on."""
    await services.store.queues.pause(request.queue)


async def resume(services: Services, request: OneQueue) -> None:
    """Jobs are claimed again."""
    await services.store.queues.resume(request.queue)


async def is_paused(services: Services, request: OneQueue) -> PausedFlag:
    return PausedFlag(await services.store.queues.is_paused(request.queue))


async def drain(services: Services, request: DrainQueue) -> None:
    """What runs or has ended stays."""
    await moves.drain(services.store, request.queue, request.delayed)


async def clean(services: Services, request: CleanQueue) -> Cleaned:
    cleaning = Cleaning(request.state, request.grace, request.limit)
    ids = await moves.clean(services.store, request.queue, cleaning, services.clock())
    return Cleaned(len(ids), ids)


async def obliterate(services: Services, request: ObliterateQueue) -> None:
    """Raises `QueueNotPaused`, `QueueActive`."""
    await moves.obliterate(services.store, request.queue, request.force, request.count)


OPERATIONS = (
    Operation(
        name="pauseQueue",
        method="POST",
        path="/v1/queues/{queue}/pause",
        summary="Stop claiming jobs; those that run go on.",
        request=OneQueue,
        response=None,
        status=204,
        run=pause,
        permission=Permission.MANAGE,
        tag="queues",
        fn="pause",
    ),
    Operation(
        name="resumeQueue",
        method="POST",
        path="/v1/queues/{queue}/resume",
        summary="Claim jobs again.",
        request=OneQueue,
        response=None,
        status=204,
        run=resume,
        permission=Permission.MANAGE,
        tag="queues",
        fn="resume",
    ),
    Operation(
        name="isQueuePaused",
        method="GET",
        path="/v1/queues/{queue}/paused",
        summary="Whether the queue is paused.",
        request=OneQueue,
        response=PausedFlag,
        run=is_paused,
        permission=Permission.READ,
        tag="queues",
        fn="isPaused",
        bare="paused",
    ),
    Operation(
        name="drainQueue",
        method="POST",
        path="/v1/queues/{queue}/drain",
        summary="Remove every job that waits. The next jobs of job schedulers stay.",
        request=DrainQueue,
        response=None,
        status=204,
        run=drain,
        permission=Permission.MANAGE,
        tag="queues",
        fn="drain",
        args=("delayed",),
        example={"delayed": True},
    ),
    Operation(
        name="cleanQueue",
        method="POST",
        path="/v1/queues/{queue}/clean",
        summary="Remove old jobs of one state.",
        request=CleanQueue,
        response=Cleaned,
        run=clean,
        permission=Permission.MANAGE,
        tag="queues",
        fn="clean",
        args=("grace", "limit", "state"),
        bare="ids",
        example={"state": "completed", "grace": 3_600_000, "limit": 1000},
    ),
    Operation(
        name="obliterateQueue",
        method="POST",
        path="/v1/queues/{queue}/obliterate",
        summary="Remove a paused queue and everything in it.",
        request=ObliterateQueue,
        response=None,
        status=204,
        run=obliterate,
        permission=Permission.ADMIN,
        tag="queues",
        errors=(QueueNotPaused, QueueActive),
        example={"force": True},
    ),
)
