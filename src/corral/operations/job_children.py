"""Operations that look at the children of a job in a flow."""

from typing import Annotated

import msgspec

from corral.model.errors import InvalidInput, JobNotFound
from corral.operations.job_reading import OneJob
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services
from corral.store.children import CHILD_KINDS, ChildKind

PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000, description="About how many of each kind.")]


class Kinds(msgspec.Struct, frozen=True):
    """Which children: those that have completed, have not finished, failed and are ignored, failed. None: all."""

    queue: str
    job_id: str
    processed: bool = False
    unprocessed: bool = False
    ignored: bool = False
    failed: bool = False


class Dependencies(Kinds, frozen=True):
    """A page of them. With a cursor, the kinds are those of the first page."""

    cursor: str | None = None
    limit: PageSize = 20


class DependencyPage(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Children by their names, `prefix:queue:id`, with what they returned or why they failed, in no order.

    Go on with `nextCursor` while there is one. A child may come twice.
    """

    processed: dict[str, msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    unprocessed: list[str] | msgspec.UnsetType = msgspec.UNSET
    ignored: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    failed: list[str] | msgspec.UnsetType = msgspec.UNSET
    next_cursor: str | None = None


class DependencyCounts(msgspec.Struct, frozen=True):
    """How many children of each kind that was asked for."""

    processed: int | msgspec.UnsetType = msgspec.UNSET
    unprocessed: int | msgspec.UnsetType = msgspec.UNSET
    ignored: int | msgspec.UnsetType = msgspec.UNSET
    failed: int | msgspec.UnsetType = msgspec.UNSET


async def children_values(services: Services, request: OneJob) -> dict[str, msgspec.Raw]:
    return await services.store.children.values(request.queue, request.job_id)


async def ignored_failures(services: Services, request: OneJob) -> dict[str, str]:
    return await services.store.children.ignored_failures(request.queue, request.job_id)


async def dependencies(services: Services, request: Dependencies) -> DependencyPage:
    kinds = _kinds(request)
    page = await services.store.children.page(request.queue, request.job_id, kinds, request.cursor, request.limit)
    return DependencyPage(page.processed, page.unprocessed, page.ignored, page.failed, page.cursor)


async def dependency_counts(services: Services, request: Kinds) -> DependencyCounts:
    counts = await services.store.children.counts(request.queue, request.job_id, _kinds(request))
    return DependencyCounts(**counts)


def _kinds(request: Kinds) -> list[ChildKind]:
    return [kind for kind in CHILD_KINDS if getattr(request, kind)] or list(CHILD_KINDS)


OPERATIONS = (
    Operation(
        name="getDependencies",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/dependencies",
        summary="List the children of a job by what became of them, page by page.",
        request=Dependencies,
        response=DependencyPage,
        run=dependencies,
        permission=Permission.READ,
        tag="flows",
        errors=(InvalidInput, JobNotFound),
        fn="getDependencies",
        args=("job_id", "*"),
    ),
    Operation(
        name="getDependenciesCount",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/dependencies/count",
        summary="Count the children of a job by what became of them.",
        request=Kinds,
        response=DependencyCounts,
        run=dependency_counts,
        permission=Permission.READ,
        tag="flows",
        errors=(InvalidInput, JobNotFound),
        fn="getDependenciesCount",
        args=("job_id", "*"),
    ),
    Operation(
        name="getChildrenValues",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/children/values",
        summary="Read what the completed children of a job returned.",
        request=OneJob,
        response=dict[str, msgspec.Raw],
        run=children_values,
        permission=Permission.READ,
        tag="flows",
        errors=(JobNotFound,),
        fn="getChildrenValues",
        args=("job_id",),
    ),
    Operation(
        name="getIgnoredChildrenFailures",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/children/failures",
        summary="Read why those children of a job failed whose failure it ignores.",
        request=OneJob,
        response=dict[str, str],
        run=ignored_failures,
        permission=Permission.READ,
        tag="flows",
        errors=(JobNotFound,),
        fn="getIgnoredChildrenFailures",
        also=("getFailedChildrenValues",),
        args=("job_id",),
    ),
)
