"""Operations on what a job holds: its payload, its progress, its log."""

from typing import Annotated, Any, Literal

import msgspec

from corral.model.errors import InvalidInput, JobNotFound, PreconditionFailed
from corral.operations.jobs import LogPage, add_log, get_job, get_logs
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services
from corral.policy.etags import etag_of, has_etag

Row = Annotated[int, msgspec.Meta(ge=0, lt=2**53, description="0 is the oldest row, or with `desc` the newest.")]
Rows = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Most rows on a page.")]
Keep = Annotated[int, msgspec.Meta(ge=0, lt=2**31, description="Rows to keep, the newest ones.")]
Tags = Annotated[str, msgspec.Meta(description="What `ETag` said when the job was read; `*` is anything.")]


class UpdateData(msgspec.Struct, frozen=True):
    """The whole body is the new payload, any JSON. `if_match` is the `ETag` with which the job was read."""

    queue: str
    job_id: str
    data: msgspec.Raw
    if_match: Tags | None = None


class SetProgress(msgspec.Struct, frozen=True):
    """The whole body is the progress, any JSON."""

    queue: str
    job_id: str
    progress: msgspec.Raw


class AddLog(msgspec.Struct, frozen=True):
    """Text is logged as it is, anything else as JSON. With `keep`, only the newest rows stay."""

    queue: str
    job_id: str
    log: Any
    keep: Annotated[int, msgspec.Meta(ge=1, lt=2**31)] | None = None


class ReadLogs(msgspec.Struct, frozen=True):
    """Which rows."""

    queue: str
    job_id: str
    start: Row = 0
    limit: Rows = 100
    order: Literal["asc", "desc"] = "asc"


class ClearLogs(msgspec.Struct, frozen=True):
    """How much of the log stays."""

    queue: str
    job_id: str
    keep: Keep = 0


class LogLength(msgspec.Struct, frozen=True):
    """How many rows the log has now."""

    count: int


async def update_data(services: Services, request: UpdateData) -> None:
    """A worker that runs the job now keeps the old payload.

    With `If-Match` the job must be as it was when it was read. Of several that have read the same, one replaces the
    payload and the others get 412; what else changes in the moment between the look and the write is not noticed.
    """
    details, queue, job_id, data = services.store.job_details, request.queue, request.job_id, bytes(request.data)
    if request.if_match is None:
        await details.set_data(queue, job_id, data)
        return
    job = await get_job(services, queue, job_id)
    same = has_etag(request.if_match, etag_of(msgspec.json.encode(job)))
    if not same or not await details.swap_data(queue, job_id, bytes(job.data), data):
        raise PreconditionFailed("The job has changed since it was read")


async def update_progress(services: Services, request: SetProgress) -> None:
    """Listeners hear of it."""
    await _check_exists(services, request.queue, request.job_id)
    await services.store.jobs.set_progress(request.queue, request.job_id, bytes(request.progress))


async def append_log(services: Services, request: AddLog) -> LogLength:
    await _check_exists(services, request.queue, request.job_id)
    return LogLength(await add_log(services, request.queue, request.job_id, request.log, request.keep))


async def read_logs(services: Services, request: ReadLogs) -> LogPage:
    rows = (request.start, request.start + request.limit - 1)
    page = await get_logs(services, request.queue, request.job_id, rows, request.order == "asc")
    if not page.count:
        await _check_exists(services, request.queue, request.job_id)
    return page


async def clear_logs(services: Services, request: ClearLogs) -> None:
    await services.store.job_details.clear_logs(request.queue, request.job_id, request.keep)


async def _check_exists(services: Services, queue: str, job_id: str) -> None:
    """The id might name something else of the queue."""
    if not await services.store.job_details.exists(queue, job_id):
        raise JobNotFound(f"Job {job_id} not found")


OPERATIONS = (
    Operation(
        name="updateJobData",
        method="PUT",
        path="/v1/queues/{queue}/jobs/{job_id}/data",
        summary="Replace the payload of a job.",
        request=UpdateData,
        response=None,
        status=204,
        run=update_data,
        permission=Permission.MANAGE,
        tag="jobs",
        body="data",
        headers={"if_match": "if-match"},
        errors=(InvalidInput, JobNotFound, PreconditionFailed),
        fn="updateJobData",
        also=("updateData",),
        args=("job_id", "data"),
        example={"to": "ada@example.com"},
    ),
    Operation(
        name="updateJobProgress",
        method="PUT",
        path="/v1/queues/{queue}/jobs/{job_id}/progress",
        summary="Store the progress of a job and tell all who listen.",
        request=SetProgress,
        response=None,
        status=204,
        run=update_progress,
        permission=Permission.WORK,
        tag="jobs",
        body="progress",
        errors=(InvalidInput, JobNotFound),
        fn="updateJobProgress",
        also=("jobProgress", "updateProgress"),
        args=("job_id", "progress"),
        example=50,
    ),
    Operation(
        name="getJobLogs",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/logs",
        summary="Read the log of a job.",
        request=ReadLogs,
        response=LogPage,
        run=read_logs,
        permission=Permission.READ,
        tag="jobs",
        errors=(InvalidInput, JobNotFound),
    ),
    Operation(
        name="addJobLog",
        method="POST",
        path="/v1/queues/{queue}/jobs/{job_id}/logs",
        summary="Append a row to the log of a job.",
        request=AddLog,
        response=LogLength,
        run=append_log,
        permission=Permission.WORK,
        tag="jobs",
        errors=(InvalidInput, JobNotFound),
        fn="addJobLog",
        also=("log",),
        args=("job_id", "log", "keep"),
        bare="count",
        example={"log": "halfway there"},
    ),
    Operation(
        name="clearJobLogs",
        method="DELETE",
        path="/v1/queues/{queue}/jobs/{job_id}/logs",
        summary="Forget the log of a job, or all but its newest rows.",
        request=ClearLogs,
        response=None,
        status=204,
        run=clear_logs,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(InvalidInput, JobNotFound),
        fn="clearLogs",
        args=("job_id", "keep"),
    ),
)
