"""What became of each attempt of a job, as far as BullMQ's format keeps it."""

from typing import Literal

import msgspec

from corral.model.errors import JobNotFound
from corral.model.job import Job
from corral.model.state import JobState
from corral.operations.job_reading import OneJob
from corral.operations.jobs import get_job
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services


class Attempt(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One attempt. Times (ms) are known of the last one only; `trace` begins with the reason of a failure."""

    number: int
    outcome: Literal["completed", "failed", "running"]
    trace: str | None = None
    started_at: int | None = None
    ended_at: int | None = None


class Attempts(msgspec.Struct, frozen=True, rename="camel"):
    """The attempts in order. `started` also counts runs that were cut off, which BullMQ keeps no trace of."""

    attempts: list[Attempt]
    made: int
    started: int
    allowed: int


async def get_attempts(services: Services, request: OneJob) -> Attempts:
    """Traces are kept of as many attempts as the job's `stackTraceLimit` allows: the last ones."""
    job = await get_job(services, request.queue, request.job_id)
    state = await services.store.job_details.state(request.queue, request.job_id)
    allowed = max(1, job.opts.get("attempts") or 0)
    return Attempts(_history(job, state), job.attempts_made, job.attempts_started, allowed)


def _history(job: Job, state: str) -> list[Attempt]:
    traces = job.stacktrace or []
    failures = job.attempts_made - (state == JobState.COMPLETED)
    first = max(1, failures - len(traces) + 1)
    found = [Attempt(first + i, "failed", trace) for i, trace in enumerate(traces)]
    started, ended = job.processed_on or None, job.finished_on or None
    if state == JobState.COMPLETED:
        found.append(Attempt(job.attempts_made, "completed", None, started, ended))
    elif state == JobState.ACTIVE:
        found.append(Attempt(job.attempts_made + 1, "running", None, started))
    elif state == JobState.FAILED and found:
        found[-1] = msgspec.structs.replace(found[-1], started_at=started, ended_at=ended)
    return found


OPERATIONS = (
    Operation(
        name="getJobAttempts",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/attempts",
        summary="What became of each attempt.",
        request=OneJob,
        response=Attempts,
        run=get_attempts,
        permission=Permission.READ,
        tag="jobs",
        errors=(JobNotFound,),
        fn="getJobAttempts",
        args=("job_id",),
    ),
)
