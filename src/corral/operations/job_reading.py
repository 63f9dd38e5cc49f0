"""Operations that look at jobs: one, many by their ids, and pages of a search."""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Literal

import msgspec

from corral.model.errors import BadField, InvalidInput, JobNotFound
from corral.model.job import Job
from corral.model.state import JobState
from corral.operations.jobs import get_job
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services
from corral.store.search import JobInState, Search

Ids = Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000, description="Ids of jobs.")]
Some = Annotated[str, msgspec.Meta(min_length=1)]
Time = Annotated[int, msgspec.Meta(ge=0, lt=2**53, description="Milliseconds since the epoch.")]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=100, description="Most jobs on a page.")]

_ALL = (
    JobState.WAITING,
    JobState.ACTIVE,
    JobState.PRIORITIZED,
    JobState.DELAYED,
    JobState.WAITING_CHILDREN,
    JobState.COMPLETED,
    JobState.FAILED,
)


class OneJob(msgspec.Struct, frozen=True):
    """Names the job and nothing else."""

    queue: str
    job_id: str


class SearchJobs(msgspec.Struct, frozen=True, rename="camel"):
    """Which jobs. Of a range the first millisecond is included, the last is not."""

    queue: str
    state: tuple[JobState, ...] = _ALL
    name: Some | None = None
    id_prefix: Some | None = None
    added_from: Time | None = None
    added_to: Time | None = None
    finished_from: Time | None = None
    finished_to: Time | None = None
    order: Literal["asc", "desc"] = "desc"
    cursor: str | None = None
    limit: PageSize = 20


class LookUpJobs(msgspec.Struct, frozen=True):
    """Jobs by their ids."""

    queue: str
    ids: Ids


class JobsPage(msgspec.Struct, frozen=True, rename="camel"):
    """Jobs with their states. Go on with `nextCursor` until it is null, also after a page without jobs."""

    jobs: list[JobInState]
    next_cursor: str | None


class JobsFound(msgspec.Struct, frozen=True):
    """The jobs that are there, in the order of the ids, and the ids of those that are not."""

    jobs: list[Job]
    missing: list[str]


class StateOfJob(msgspec.Struct, frozen=True):
    """`unknown` is the state of a job that stands in no list."""

    state: str


async def read_job(services: Services, request: OneJob) -> Job:
    return await get_job(services, request.queue, request.job_id)


async def search_jobs(services: Services, request: SearchJobs) -> JobsPage:
    """A page looks at a bounded number of jobs, so it may come with few or none and a cursor all the same.

    A job that stays in its state from the first page to the last comes exactly once, in `waiting` and `active` at
    least once.
    """
    page = await services.store.search.page(request.queue, _search(request), request.cursor, request.limit)
    return JobsPage(page.jobs, page.cursor)


async def every_job(services: Services, request: SearchJobs) -> AsyncGenerator[Sequence[JobInState], None]:
    """All jobs from the cursor on, as long as somebody takes them; `limit` is how many are read at a time."""
    search, cursor, more = _search(request), request.cursor, True
    while more:
        page = await services.store.search.page(request.queue, search, cursor, request.limit)
        yield page.jobs
        cursor, more = page.cursor, page.cursor is not None


async def look_up_jobs(services: Services, request: LookUpJobs) -> JobsFound:
    ids = list(dict.fromkeys(request.ids))
    found = await services.store.job_details.many(request.queue, ids)
    missing = [id for id, job in zip(ids, found, strict=True) if job is None]
    return JobsFound([job for job in found if job is not None], missing)


async def job_state(services: Services, request: OneJob) -> StateOfJob:
    return StateOfJob(await services.store.job_details.state(request.queue, request.job_id))


def _search(request: SearchJobs) -> Search:
    return Search(
        states=tuple(str(state) for state in request.state),
        name=request.name,
        id_prefix=request.id_prefix,
        added=(request.added_from, request.added_to),
        finished=(request.finished_from, request.finished_to),
        asc=request.order == "asc",
    )


OPERATIONS = (
    Operation(
        name="searchJobs",
        method="GET",
        path="/v1/queues/{queue}/jobs",
        summary="List jobs by state, name, id and time, page by page.",
        request=SearchJobs,
        response=JobsPage,
        run=search_jobs,
        permission=Permission.READ,
        tag="jobs",
        errors=(BadField,),
        lines=JobInState,
        pages=every_job,
        fn="searchJobs",
        args=("*",),
    ),
    Operation(
        name="lookUpJobs",
        method="POST",
        path="/v1/queues/{queue}/jobs/lookup",
        summary="Read many jobs by their ids.",
        request=LookUpJobs,
        response=JobsFound,
        run=look_up_jobs,
        permission=Permission.READ,
        tag="jobs",
        errors=(InvalidInput,),
        fn="lookUpJobs",
        args=("ids",),
        example={"ids": ["1", "2"]},
    ),
    Operation(
        name="getJob",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}",
        summary="Read one job.",
        request=OneJob,
        response=Job,
        run=read_job,
        permission=Permission.READ,
        tag="jobs",
        errors=(JobNotFound,),
        tagged=True,
        fn="getJob",
        args=("job_id",),
    ),
    Operation(
        name="getJobState",
        method="GET",
        path="/v1/queues/{queue}/jobs/{job_id}/state",
        summary="Tell the state of a job.",
        request=OneJob,
        response=StateOfJob,
        run=job_state,
        permission=Permission.READ,
        tag="jobs",
        errors=(JobNotFound,),
        fn="getJobState",
        also=("getState",),
        args=("job_id",),
        bare="state",
    ),
)
