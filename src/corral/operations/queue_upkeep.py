"""Operations that clear away what old versions of BullMQ left behind in a queue."""

from typing import Annotated

import msgspec

from corral.lifecycle import queue_moves as moves
from corral.operations.operation import Operation, Permission
from corral.operations.queue_moves import OneQueue
from corral.operations.services import Services

Keys = Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Keys that one step looks at; all are looked at.")]
Enough = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Stop when about so many are gone; 0 is all.")]


class RemoveOrphanedJobs(msgspec.Struct, frozen=True):
    """How far one call goes."""

    queue: str
    count: Keys = 1000
    limit: Enough = 0


class RemovedOrphans(msgspec.Struct, frozen=True):
    """How many jobs there were of which something was left."""

    removed: int


class RemovedKeys(msgspec.Struct, frozen=True):
    """1 if the key was there, else 0."""

    removed: int


async def remove_orphaned_jobs(services: Services, request: RemoveOrphanedJobs) -> RemovedOrphans:
    """BullMQ 5.66 could forget a job by its age and leave its data behind. Looks at every key of the engine."""
    removed = await moves.remove_orphans(services.store, request.queue, request.count, request.limit)
    return RemovedOrphans(removed)


async def remove_deprecated_priority_key(services: Services, request: OneQueue) -> RemovedKeys:
    """BullMQ 3 kept an index of priorities, which nothing reads any more."""
    return RemovedKeys(int(await services.store.queue_moves.remove_priority_key(request.queue)))


OPERATIONS = (
    Operation(
        name="removeOrphanedJobs",
        method="POST",
        path="/v1/queues/{queue}/remove-orphaned-jobs",
        summary="Remove the data of jobs that are in no state any more.",
        request=RemoveOrphanedJobs,
        response=RemovedOrphans,
        run=remove_orphaned_jobs,
        permission=Permission.OPERATOR,
        tag="queues",
        fn="removeOrphanedJobs",
        args=("count", "limit"),
        bare="removed",
        waits=True,
        example={"limit": 10_000},
    ),
    Operation(
        name="removeDeprecatedPriorityKey",
        method="DELETE",
        path="/v1/queues/{queue}/deprecated-priority-key",
        summary="Remove the index of priorities that old versions of BullMQ kept.",
        request=OneQueue,
        response=RemovedKeys,
        run=remove_deprecated_priority_key,
        permission=Permission.MANAGE,
        tag="queues",
        fn="removeDeprecatedPriorityKey",
        bare="removed",
    ),
)
