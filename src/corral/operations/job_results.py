"""Operations that wait for the end of a job."""

from typing import Annotated
from urllib.parse import quote

import msgspec

from corral.model.errors import InvalidInput, JobNotFound
from corral.model.result import JobResult
from corral.operations.operation import Operation, Permission
from corral.operations.reply import Reply
from corral.operations.services import Services

Wait = Annotated[float, msgspec.Meta(ge=0, le=60, description="Seconds to wait for the end of the job.")]


class WaitForResult(msgspec.Struct, frozen=True):
    """Without `wait` the answer comes at once."""

    queue: str
    job_id: str
    wait: Wait = 0


async def result(services: Services, request: WaitForResult) -> Reply:
    """202 with the state the job is in, and where to ask again, when it has not ended in time."""
    found = await services.results.wait(request.queue, request.job_id, request.wait)
    if has_ended(found):
        return Reply(found, 200)
    return Reply(found, 202, f"{job_path(request.queue, request.job_id)}/result")


def has_ended(found: JobResult) -> bool:
    return found.returnvalue is not msgspec.UNSET or found.failed_reason is not msgspec.UNSET


def job_path(queue: str, job_id: str) -> str:
    """Where the job is found over HTTP."""
    return f"/v1/queues/{quote(queue, safe='')}/jobs/{quote(job_id, safe='')}"


OPERATIONS = (
    Operation(
        name="getJobResult",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/result",
        summary="Wait for the end of a job, and tell how it ended.",
        request=WaitForResult,
        response=JobResult,
        run=result,
        permission=Permission.READ,
        tag="jobs",
        other_statuses=(202,),
        errors=(InvalidInput, JobNotFound),
        waits=True,
        fn="getJobResult",
        args=("job_id", "wait"),
    ),
)
