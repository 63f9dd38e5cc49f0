"""Finding jobs by their metadata, over all queues."""

from typing import Annotated, Any

import msgspec

from corral.model.errors import BadField, FieldProblem, InvalidInput
from corral.model.job import Job
from corral.model.job_card import Comparison, Filter
from corral.model.state import JobState
from corral.operations.job_reading import PageSize, Time
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services
from corral.operations.submitted_jobs import with_jobs
from corral.store.job_index import CardQuery

Scalar = str | int | float | bool
Number = int | float
U = msgspec.UnsetType
UNSET = msgspec.UNSET
Queues = Annotated[list[str], msgspec.Meta(min_length=1, max_length=100)]
Values = Annotated[list[Scalar], msgspec.Meta(min_length=1, max_length=100)]

_NAMES: dict[str, Comparison] = {
    "one_of": "in", "gte": "gte", "gt": "gt", "lte": "lte", "lt": "lt", "prefix": "prefix",
}  # fmt: skip


class Comparisons(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"one_of": "in"}):
    """All of them must hold. Ranges are of numbers, or of strings by their code points; a prefix is of strings."""

    one_of: Values | U = UNSET
    gte: Number | str | U = UNSET
    gt: Number | str | U = UNSET
    lte: Number | str | U = UNSET
    lt: Number | str | U = UNSET
    prefix: str | U = UNSET


class FindJobs(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which jobs: of these queues, in these states, submitted in the time (the first millisecond is included, the
    last is not). By member of the metadata, a value that must be the same, or comparisons; values compare by their
    text, so `3` and `"3"` are the same."""

    metadata: dict[str, Scalar | Comparisons] = {}
    queues: Queues | None = None
    states: tuple[JobState, ...] | None = None
    application: str | None = None
    """For the operator; others find their own jobs only."""
    submitted_from: Time | None = None
    submitted_to: Time | None = None
    cursor: str | None = None
    limit: PageSize = 20


class FoundJob(msgspec.Struct, frozen=True, rename="camel"):
    """A job, where it is, and what its submitter said of it."""

    queue: str
    state: str
    application: str
    submitted_at: int
    metadata: dict[str, Any]
    job: Job


class FoundJobs(msgspec.Struct, frozen=True, rename="camel"):
    """The newest first. Go on with `nextCursor` until it is null, also after a page without jobs."""

    jobs: list[FoundJob]
    next_cursor: str | None


async def find_jobs(services: Services, request: FindJobs) -> FoundJobs:
    """Jobs that were added with metadata, or under `/api`. A page looks at a bounded number of them."""
    query = CardQuery(
        application=services.caller.application or request.application,
        queues=None if request.queues is None else tuple(request.queues),
        states=None if request.states is None else tuple(str(state) for state in request.states),
        filters=_filters(request),
        submitted=(request.submitted_from, request.submitted_to),
    )
    try:
        page = await services.store.job_index.page(query, request.cursor, request.limit)
    except BadField:
        raise
    except InvalidInput as error:
        raise BadField(FieldProblem(str(error), pointer="#/metadata")) from None
    found = [
        FoundJob(one.card.queue, one.state, one.card.application, one.card.submitted_at, one.card.metadata, one.job)
        for one in await with_jobs(services, page)
    ]
    return FoundJobs(found, page.cursor)


def _filters(request: FindJobs) -> tuple[Filter, ...]:
    found = []
    for member, wanted in request.metadata.items():
        if not isinstance(wanted, Comparisons):
            found.append(Filter(member, wanted))
            continue
        given = ((comparison, getattr(wanted, field)) for field, comparison in _NAMES.items())
        found += [Filter(member, value, comparison) for comparison, value in given if value is not UNSET]
    return tuple(found)


OPERATIONS = (
    Operation(
        name="findJobs",
        method="POST",
        path="/v1/jobs/search",
        summary="Find jobs by their metadata, over all queues.",
        request=FindJobs,
        response=FoundJobs,
        run=find_jobs,
        permission=Permission.READ,
        tag="jobs",
        errors=(InvalidInput, BadField),
        example={
            "metadata": {"customerId": "cust-123", "retryCount": {"gte": 3}, "type": {"in": ["email", "sms"]}},
            "states": ["waiting", "failed"],
        },
    ),
)
