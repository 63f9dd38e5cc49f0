"""Operations that add jobs: one, many at once, and the like of one that is there."""

from collections.abc import Sequence
from typing import Any

import msgspec

from corral.model.errors import BadField, FieldProblem, InvalidInput, JobNotFound
from corral.model.job import Job, NewJob
from corral.operations.job_cards import add_with_cards
from corral.operations.job_input import GivenJob, GivenOptions, Name, checked, plain
from corral.operations.job_results import Wait, has_ended, job_path
from corral.operations.jobs import add_jobs, get_job
from corral.operations.operation import Operation, Permission
from corral.operations.reply import Reply
from corral.operations.services import Services
from corral.policy.job_bodies import parse_job_args

_OF_ITS_OWN = frozenset(
    {
        "continueParentOnFailure",
        "deduplication",
        "delay",
        "failParentOnFailure",
        "ignoreDependencyOnFailure",
        "jobId",
        "parent",
        "prevMillis",
        "removeDependencyOnFailure",
        "repeat",
        "repeatJobKey",
        "timestamp",
    }
)
"""Options that belong to one job and not to its like."""


class AddJobs(msgspec.Struct, frozen=True):
    """The whole body is one job or an array of jobs. One alone may be waited for."""

    queue: str
    jobs: GivenJob | list[GivenJob]
    wait: Wait = 0


class DuplicateJob(msgspec.Struct, frozen=True):
    """What is to be different: another name, another payload, other options (those not named stay)."""

    queue: str
    job_id: str
    name: Name | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    opts: GivenOptions | None = None


class AddedJob(Job, frozen=True, kw_only=True, rename="camel", gc=False):
    """A new job; `state`, with the result if there is one, when it was waited for."""

    state: str | msgspec.UnsetType = msgspec.UNSET


async def add(services: Services, request: AddJobs) -> list[Job] | Reply:
    """All of the jobs are added or none. A custom id, or a deduplication id, that is taken gives the job that has it.

    With `wait` the answer is 202, and `Location` where to ask again, when the job has not ended in time.
    """
    single = not isinstance(request.jobs, list)
    if request.wait and not single:
        raise BadField(FieldProblem("Only a single job can be waited for", parameter="wait"))
    jobs = checked(request.jobs, services.clock())
    await _check_parents(services, jobs, single)
    given = request.jobs if isinstance(request.jobs, list) else [request.jobs]
    added = await add_with_cards(services, request.queue, jobs, [one.metadata for one in given])
    if not single:
        return added
    return await _told(services, request.queue, added[0], request.wait)


async def duplicate(services: Services, request: DuplicateJob) -> Reply:
    """The new job is due at once, has an id of its own and no parent, and repeats nothing."""
    job = await get_job(services, request.queue, request.job_id)
    kept = {name: value for name, value in job.opts.items() if name not in _OF_ITS_OWN}
    data = job.data if request.data is msgspec.UNSET else request.data
    new = parse_job_args(request.name or job.name, data, kept | plain(request.opts))
    await _check_parents(services, [new], True)
    return await _told(services, request.queue, (await add_jobs(services, request.queue, [new]))[0], 0)


async def _told(services: Services, queue: str, job: Job, wait: float) -> Reply:
    place = job_path(queue, job.id)
    if not wait:
        return Reply(job, 201, place)
    found = await services.results.wait(queue, job.id, wait)
    shown: dict[str, Any] = msgspec.structs.asdict(job) | {"state": found.state, "failed_reason": found.failed_reason}
    if found.returnvalue is not msgspec.UNSET:
        shown["returnvalue"] = found.returnvalue
    return (
        Reply(AddedJob(**shown), 201, place) if has_ended(found) else Reply(AddedJob(**shown), 202, f"{place}/result")
    )


async def _check_parents(services: Services, jobs: Sequence[NewJob], single: bool) -> None:
    """Looked for beforehand: the engine would find a parent missing only after it has added other jobs."""
    problems = []
    for index, job in enumerate(jobs):
        parent = job.opts.get("parent")
        if parent and not await _has_parent(services, parent["queue"], parent["id"]):
            place = "#/opts/parent" if single else f"#/{index}/opts/parent"
            problems.append(FieldProblem(f"Parent job {parent['id']} not found", pointer=place))
    if problems:
        raise BadField(*problems)


async def _has_parent(services: Services, qualified: str, job_id: str) -> bool:
    """A queue under another prefix is not ours to look at."""
    prefix, _, queue = qualified.rpartition(":")
    return prefix == services.store.prefix and await services.store.job_details.exists(queue, job_id)


OPERATIONS = (
    Operation(
        name="addJobs",
        method="POST",
        path="/v1/queues/{queue}/jobs",
        summary="Add one job or many, all or none; wait for the end of one.",
        request=AddJobs,
        response=AddedJob | list[AddedJob],
        status=201,
        other_statuses=(202,),
        run=add,
        permission=Permission.ENQUEUE,
        tag="jobs",
        body="jobs",
        query=("wait",),
        keyed=True,
        lines=GivenJob,
        errors=(InvalidInput, BadField),
        waits=True,
        fn="addBulk",
        args=("jobs", "wait"),
        example={"name": "welcome", "data": {"to": "ada@example.com"}, "opts": {"attempts": 3}},
    ),
    Operation(
        name="duplicateJob",
        method="POST",
        path="/v1/queues/{queue}/jobs/{job_id}/duplicate",
        summary="Add a job like one that is there.",
        request=DuplicateJob,
        response=Job,
        status=201,
        run=duplicate,
        permission=Permission.ENQUEUE,
        tag="jobs",
        errors=(InvalidInput, BadField, JobNotFound),
        fn="duplicate",
        args=("job_id", "*"),
        keyed=True,
        example={"opts": {"priority": 1}},
    ),
)
