"""Operations that move one job: promote, retry, remove, change when and before whom it runs, discard."""

from typing import Annotated, Literal

import msgspec

from corral.model.errors import BelongsToScheduler, InvalidInput, JobLocked, JobNotFound, NotInState
from corral.operations.job_reading import OneJob
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services

Delay = Annotated[int, msgspec.Meta(ge=0, lt=2**53, description="Milliseconds from now.")]
Priority = Annotated[int, msgspec.Meta(ge=0, lt=2**21, description="1 goes before 2, and 0, which is none, before 1.")]


class RetryJob(msgspec.Struct, frozen=True, rename="camel"):
    """`state` is the one that the job must be in. Attempts go on counting unless they are reset."""

    queue: str
    job_id: str
    state: Literal["failed", "completed"] = "failed"
    reset_attempts_made: bool = False
    reset_attempts_started: bool = False


class RemoveJob(msgspec.Struct, frozen=True, rename="camel"):
    """With `removeChildren`, all that is below the job in a flow goes too."""

    queue: str
    job_id: str
    remove_children: bool = True


class ChangeDelay(msgspec.Struct, frozen=True):
    """When a delayed job is due."""

    queue: str
    job_id: str
    delay: Delay


class ChangePriority(msgspec.Struct, frozen=True):
    """With `lifo` the job goes before those of the same priority."""

    queue: str
    job_id: str
    priority: Priority = 0
    lifo: bool = False


async def promote(services: Services, request: OneJob) -> None:
    await services.store.job_moves.promote(request.queue, request.job_id)


async def retry(services: Services, request: RetryJob) -> None:
    """The outcome is forgotten; a child counts among the unfinished ones of its parent again."""
    await services.store.job_moves.retry(
        request.queue,
        request.job_id,
        request.state,
        reset_attempts_made=request.reset_attempts_made,
        reset_attempts_started=request.reset_attempts_started,
    )


async def remove(services: Services, request: RemoveJob) -> None:
    await services.store.job_moves.remove(request.queue, request.job_id, request.remove_children)


async def change_delay(services: Services, request: ChangeDelay) -> None:
    await services.store.job_moves.change_delay(request.queue, request.job_id, request.delay, services.clock())


async def change_priority(services: Services, request: ChangePriority) -> None:
    """A job that is neither waiting nor prioritized only remembers it, for when it waits again."""
    await services.store.job_moves.change_priority(request.queue, request.job_id, request.priority, request.lifo)


async def discard(services: Services, request: OneJob) -> None:
    """BullMQ's `discard` reaches only the process that runs the job. This one lowers the stored `attempts`, so it
    holds for whoever runs the job next; when a run that is under way fails, one more follows it."""
    await services.store.job_moves.discard(request.queue, request.job_id)


OPERATIONS = (
    Operation(
        name="promoteJob",
        method="POST",
        path="/v1/queues/{queue}/jobs/{job_id}/promote",
        summary="Make a delayed job wait for a worker now.",
        request=OneJob,
        response=None,
        status=204,
        run=promote,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(JobNotFound, NotInState),
        fn="promote",
        args=("job_id",),
    ),
    Operation(
        name="retryJob",
        method="POST",
        path="/v1/queues/{queue}/jobs/{job_id}/retry",
        summary="Make a failed or completed job wait again.",
        request=RetryJob,
        response=None,
        status=204,
        run=retry,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(InvalidInput, JobNotFound, NotInState),
        fn="retryJob",
        also=("retry",),
        args=("job_id", "state", "*"),
        example={"state": "failed", "resetAttemptsMade": True},
    ),
    Operation(
        name="removeJob",
        method="DELETE",
        path="/v1/queues/{queue}/jobs/{job_id}",
        summary="Delete a job, its log and, unless told otherwise, its children.",
        request=RemoveJob,
        response=None,
        status=204,
        run=remove,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(InvalidInput, JobNotFound, JobLocked, BelongsToScheduler),
        fn="remove",
        args=("job_id", "*"),
    ),
    Operation(
        name="changeJobDelay",
        method="PUT",
        path="/v1/queues/{queue}/jobs/{job_id}/delay",
        summary="Change when a delayed job is due.",
        request=ChangeDelay,
        response=None,
        status=204,
        run=change_delay,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(InvalidInput, JobNotFound, NotInState),
        fn="changeDelay",
        args=("job_id", "delay"),
        example={"delay": 5000},
    ),
    Operation(
        name="changeJobPriority",
        method="PUT",
        path="/v1/queues/{queue}/jobs/{job_id}/priority",
        summary="Change before whom a job runs.",
        request=ChangePriority,
        response=None,
        status=204,
        run=change_priority,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(InvalidInput, JobNotFound),
        fn="changePriority",
        args=("job_id", "*"),
        example={"priority": 1, "lifo": False},
    ),
    Operation(
        name="discardJob",
        method="POST",
        path="/v1/queues/{queue}/jobs/{job_id}/discard",
        summary="Let no retry follow the job's next attempt.",
        request=OneJob,
        response=None,
        status=204,
        run=discard,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(JobNotFound,),
        fn="discard",
        args=("job_id",),
    ),
)
