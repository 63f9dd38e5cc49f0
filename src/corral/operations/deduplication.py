"""Operations on deduplication ids: who holds one, and letting the next job in."""

import msgspec

from corral.model.errors import JobNotFound, NotFound
from corral.operations.job_reading import OneJob
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services


class OneDeduplication(msgspec.Struct, frozen=True):
    """Names the deduplication id."""

    queue: str
    deduplication_id: str


class Holder(msgspec.Struct, frozen=True, rename="camel"):
    """The job that keeps others with the deduplication id out."""

    job_id: str


class Released(msgspec.Struct, frozen=True):
    """False: the job held no deduplication id."""

    released: bool


async def holder(services: Services, request: OneDeduplication) -> Holder:
    """Raises `NotFound` when nobody holds it."""
    job_id = await services.store.deduplication.holder(request.queue, request.deduplication_id)
    if job_id is None:
        raise NotFound(f"No job holds the deduplication id {request.deduplication_id}")
    return Holder(job_id)


async def clear(services: Services, request: OneDeduplication) -> None:
    """The job that held it stays as it is. Raises `NotFound` when nobody held it."""
    if not await services.store.deduplication.clear(request.queue, request.deduplication_id):
        raise NotFound(f"No job holds the deduplication id {request.deduplication_id}")


async def release(services: Services, request: OneJob) -> Released:
    return Released(await services.store.deduplication.release(request.queue, request.job_id))


OPERATIONS = (
    Operation(
        name="getDeduplicationJobId",
        method="GET",
        path="/v1/queues/{queue}/deduplication/{deduplication_id}",
        summary="Tell which job holds a deduplication id.",
        request=OneDeduplication,
        response=Holder,
        run=holder,
        permission=Permission.READ,
        tag="jobs",
        errors=(NotFound,),
        fn="getDeduplicationJobId",
        also=("getDebounceJobId",),
        args=("deduplication_id",),
        bare="job_id",
    ),
    Operation(
        name="removeDeduplicationKey",
        method="DELETE",
        path="/v1/queues/{queue}/deduplication/{deduplication_id}",
        summary="Let the next job with the deduplication id in.",
        request=OneDeduplication,
        response=None,
        status=204,
        run=clear,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(NotFound,),
        fn="removeDeduplicationKey",
        also=("removeDebounceKey",),
        args=("deduplication_id",),
    ),
    Operation(
        name="removeJobDeduplicationKey",
        method="DELETE",
        path="/v1/queues/{queue}/jobs/{job_id}/deduplication",
        summary="Let the next job in that has the deduplication id which this job holds.",
        request=OneJob,
        response=Released,
        run=release,
        permission=Permission.MANAGE,
        tag="jobs",
        errors=(JobNotFound,),
        fn="removeJobDeduplicationKey",
        args=("job_id",),
        bare="released",
    ),
)
