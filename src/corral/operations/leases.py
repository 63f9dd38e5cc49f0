"""Operations of clients that claim jobs by themselves: a lease each, ended in batches, with a result per item."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from corral.model.errors import (
    CorralError,
    JobNotFound,
    LeaseLost,
    NotInState,
    StoreUnavailable,
    UnmetDependencies,
)
from corral.model.lease import Held, ItemResult, ItemResults, Lease, Leases
from corral.model.outcome import AwaitingChildren, Completed, Failed, Outcome, Postponed, Released
from corral.operations.operation import Operation, Permission
from corral.operations.reply import Reply
from corral.operations.services import Services
from corral.store.jobs import ClaimRequest

Count = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Most jobs to claim.")]
Wait = Annotated[float, msgspec.Meta(ge=0, le=30, description="Seconds to wait for the first job.")]
LeaseTime = Annotated[int, msgspec.Meta(ge=1000, le=86_400_000, description="Milliseconds until a lease runs out.")]
Delay = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Milliseconds until the job is due.")]
Name = Annotated[str, msgspec.Meta(max_length=200, description="Shown as the job's `processedBy`.")]
_MOST_ITEMS = 1000


class ClaimJobs(msgspec.Struct, frozen=True, rename="camel"):
    """Ask for jobs."""

    queue: str
    count: Count = 1
    wait: Wait = 0
    lease_ms: LeaseTime = 30_000
    name: Name | None = None


class Completion(Held, frozen=True):
    """A job that succeeded, and its result (any JSON)."""

    result: msgspec.Raw = msgspec.Raw(b"null")


class Failure(Held, frozen=True):
    """A job that failed. Without `retry` the attempts that are left are given up."""

    reason: str = "failed"
    retry: bool = True
    stacktrace: str | None = None


class Postponement(Held, frozen=True):
    """A job that is to come back later."""

    delay: Delay = 0


Items = Annotated[list[Held], msgspec.Meta(min_length=1, max_length=_MOST_ITEMS)]
Completions = Annotated[list[Completion], msgspec.Meta(min_length=1, max_length=_MOST_ITEMS)]
Failures = Annotated[list[Failure], msgspec.Meta(min_length=1, max_length=_MOST_ITEMS)]
Postponements = Annotated[list[Postponement], msgspec.Meta(min_length=1, max_length=_MOST_ITEMS)]


class ExtendLeases(msgspec.Struct, frozen=True, rename="camel"):
    """Leases to keep."""

    queue: str
    items: Items
    lease_ms: LeaseTime = 30_000


class EndLeases(msgspec.Struct, frozen=True):
    """Leases to give back, or jobs that are to wait for their children."""

    queue: str
    items: Items


class CompleteJobs(msgspec.Struct, frozen=True):
    """Jobs that succeeded."""

    queue: str
    items: Completions


class FailJobs(msgspec.Struct, frozen=True):
    """Jobs that failed."""

    queue: str
    items: Failures


class DelayJobs(msgspec.Struct, frozen=True):
    """Jobs that are to come back later."""

    queue: str
    items: Postponements


async def claim(services: Services, request: ClaimJobs) -> Reply:
    """Jobs that the client could not be told of go back at once."""
    lessor = services.lessor
    wanted = ClaimRequest(request.count, services.new_id(), 0, request.lease_ms, name=request.name)
    jobs = await lessor.claim(request.queue, wanted, request.wait)
    leases = Leases([Lease(one.job, one.token, one.deadline) for one in jobs])
    return Reply(leases, 200, undelivered=lambda: lessor.give_back(request.queue, jobs))


async def extend(services: Services, request: ExtendLeases) -> ItemResults:
    """Each deadline becomes `leaseMs` from now."""
    return _told(request.items, await services.lessor.renew(request.queue, request.items, request.lease_ms))


async def complete(services: Services, request: CompleteJobs) -> ItemResults:
    return await _end(services, request.queue, [(one, Completed(bytes(one.result))) for one in request.items])


async def fail(services: Services, request: FailJobs) -> ItemResults:
    ended = [(one, Failed(one.reason, one.stacktrace, unrecoverable=not one.retry)) for one in request.items]
    return await _end(services, request.queue, ended)


async def release(services: Services, request: EndLeases) -> ItemResults:
    """The jobs go back to the front of the queue; no attempt is used up."""
    return await _end(services, request.queue, [(one, Released()) for one in request.items])


async def delay(services: Services, request: DelayJobs) -> ItemResults:
    return await _end(services, request.queue, [(one, Postponed(one.delay)) for one in request.items])


async def await_children(services: Services, request: EndLeases) -> ItemResults:
    return await _end(services, request.queue, [(one, AwaitingChildren()) for one in request.items])


async def _end(services: Services, queue: str, ended: Sequence[tuple[Held, Outcome]]) -> ItemResults:
    return _told([held for held, _ in ended], await services.lessor.finish(queue, ended))


def _told(items: Sequence[Held], problems: Sequence[Exception | None]) -> ItemResults:
    """The error of a single item is that of the whole, and so is the want of an engine."""
    failed = [one for one in problems if isinstance(one, CorralError)]
    if failed and (len(items) == 1 or all(isinstance(one, StoreUnavailable) for one in problems)):
        raise failed[0]
    return ItemResults([_result(item, problem) for item, problem in zip(items, problems, strict=True)])


def _result(item: Held, problem: Exception | None) -> ItemResult:
    if problem is None:
        return ItemResult(item.id, ok=True)
    code = problem.code if isinstance(problem, CorralError) else CorralError.code
    return ItemResult(item.id, ok=False, code=code, detail=str(problem))


def _row(name: str, path: str, summary: str, request: type[msgspec.Struct], run: Any, fn: str) -> Operation:
    return Operation(
        name=name,
        method="POST",
        path=f"/v1/queues/{{queue}}/leases{path}",
        summary=summary,
        request=request,
        response=ItemResults,
        run=run,
        permission=Permission.WORK,
        tag="leases",
        errors=(JobNotFound, LeaseLost, NotInState, UnmetDependencies),
        fn=fn,
        args=("*",),
        example={"items": [{"id": "1", "token": "6b7c...:0"}]},
    )


OPERATIONS = (
    msgspec.structs.replace(
        _row("claimJobs", "", "Claim up to n jobs, waiting up to 30 s for the first.", ClaimJobs, claim, "claimJobs"),
        response=Leases,
        errors=(),
        waits=True,
        example={"count": 10, "wait": 30},
    ),
    _row("extendLeases", "/extend", "Keep leases for longer.", ExtendLeases, extend, "extendLocks"),
    _row("completeJobs", "/complete", "Complete leased jobs.", CompleteJobs, complete, "moveToCompleted"),
    _row("failJobs", "/fail", "Fail leased jobs, with or without a retry.", FailJobs, fail, "moveToFailed"),
    _row("releaseJobs", "/release", "Give leased jobs back.", EndLeases, release, "moveToWait"),
    _row("delayJobs", "/delay", "Let leased jobs come back later.", DelayJobs, delay, "moveToDelayed"),
    _row(
        "awaitChildren",
        "/await-children",
        "Let leased jobs wait for their children.",
        EndLeases,
        await_children,
        "moveToWaitingChildren",
    ),
)
