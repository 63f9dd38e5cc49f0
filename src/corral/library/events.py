"""What a context tells its event handlers: one class for each kind of event, the key in `event_type`."""

from typing import ClassVar, Literal

import msgspec


class _JobEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`queue` is where the job is: the name of its definition, with `@` and the channel if it has one."""

    job_id: str
    job_name: str
    queue: str


class _WorkerEvent(_JobEvent, frozen=True, kw_only=True):
    worker_id: str


class JobEnqueue(_JobEvent, frozen=True, kw_only=True):
    """A job has been enqueued and stored; on a connection of the caller's, as soon as it commits."""

    event_type: ClassVar[Literal["JOB_DEFINITION_JOB_ENQUEUE"]] = "JOB_DEFINITION_JOB_ENQUEUE"


class JobDequeue(_WorkerEvent, frozen=True, kw_only=True):
    """A worker has taken a job."""

    event_type: ClassVar[Literal["WORKER_JOB_DEQUEUE"]] = "WORKER_JOB_DEQUEUE"


class JobExpire(_WorkerEvent, frozen=True, kw_only=True):
    """A job has run out of attempts and is finalized as failed."""

    event_type: ClassVar[Literal["WORKER_JOB_EXPIRE"]] = "WORKER_JOB_EXPIRE"


class JobRun(_WorkerEvent, frozen=True, kw_only=True):
    """A job begins to run."""

    event_type: ClassVar[Literal["WORKER_JOB_RUN"]] = "WORKER_JOB_RUN"


class JobRunError(_WorkerEvent, frozen=True, kw_only=True):
    """A job raised `error` after `duration` milliseconds; what follows of it is not stored yet."""

    event_type: ClassVar[Literal["WORKER_JOB_RUN_ERROR"]] = "WORKER_JOB_RUN_ERROR"
    error: BaseException
    duration: float


class JobRunSuccess(_WorkerEvent, frozen=True, kw_only=True):
    """A job has run for `duration` milliseconds and is finalized."""

    event_type: ClassVar[Literal["WORKER_JOB_RUN_SUCCESS"]] = "WORKER_JOB_RUN_SUCCESS"
    duration: float


class JobSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A repeating job was due and is enqueued."""

    event_type: ClassVar[Literal["ORCHESTRATOR_JOB_SCHEDULE"]] = "ORCHESTRATOR_JOB_SCHEDULE"
    job_name: str


class JobDelete(_JobEvent, frozen=True, kw_only=True):
    """A finalized job was deleted for good."""

    event_type: ClassVar[Literal["ORCHESTRATOR_JOB_DELETE"]] = "ORCHESTRATOR_JOB_DELETE"


class JobGroupDelete(msgspec.Struct, frozen=True, kw_only=True):
    """The last job of a group was deleted, and the group with it."""

    event_type: ClassVar[Literal["ORCHESTRATOR_JOB_GROUP_DELETE"]] = "ORCHESTRATOR_JOB_GROUP_DELETE"
    job_group: str
    queue: str


Event = (
    JobEnqueue
    | JobDequeue
    | JobExpire
    | JobRun
    | JobRunError
    | JobRunSuccess
    | JobSchedule
    | JobDelete
    | JobGroupDelete
)
"""Any of them: `match` on the class, or look at `event_type`."""
