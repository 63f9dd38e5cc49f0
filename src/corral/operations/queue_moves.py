"""Operations that move all jobs of a queue, or stop and start it."""

import msgspec

from corral.operations.operation import Operation, Permission
from corral.operations.services import Services


class OneQueue(msgspec.Struct, frozen=True):
    """Names the queue and nothing else."""

    queue: str


async def pause(services: Services, request: OneQueue) -> None:
    """No job is claimed until `resume`; running ones go on."""
    await services.store.queues.pause(request.queue)


async def resume(services: Services, request: OneQueue) -> None:
    """Jobs are claimed again."""
    await services.store.queues.resume(request.queue)


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
)
