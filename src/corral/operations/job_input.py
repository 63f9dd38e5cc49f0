"""Jobs as clients of the native surface write them: typed for the reference docs, checked as BullMQ checks them."""

from typing import Annotated, Any

import msgspec

from corral.model.errors import BadField, FieldProblem, InvalidInput
from corral.model.job import NewJob
from corral.policy.job_bodies import parse_job_args
from corral.policy.metadata import check_metadata
from corral.policy.scheduling import new_scheduler

_MOST_PROBLEMS = 100

Name = Annotated[str, msgspec.Meta(min_length=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Id = Annotated[str, msgspec.Meta(min_length=1)]
U = msgspec.UnsetType
UNSET = msgspec.UNSET


class Keep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many finished jobs stay, and how old they may be (seconds)."""

    count: Count | U = UNSET
    age: Count | U = UNSET
    limit: Count | U = UNSET
    """Most jobs that are removed each time."""


class Deduplication(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """While a job holds the id, others with it are not added. `ttl` (ms) lets go of it by time."""

    id: Id
    ttl: Milliseconds | U = UNSET
    extend: bool | U = UNSET
    replace: bool | U = UNSET
    keep_last_if_active: bool | U = UNSET


class InGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the jobs with the same id at most `limit` run at once, in the order in which they were added."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | U = UNSET
    """1 unless given; the last job that was added says it for the whole group."""


class ParentJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The job that waits for this one; `queue` is `prefix:queue`."""

    id: Id
    queue: Id


class Telemetry(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What goes along for tracing."""

    metadata: str | U = UNSET
    omit_context: bool | U = UNSET


class GivenOptions(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """BullMQ's job options."""

    attempts: Count | U = UNSET
    backoff: Count | dict[str, Any] | U = UNSET
    """Milliseconds, or `type`, `delay` and `jitter`."""
    continue_parent_on_failure: bool | U = UNSET
    deduplication: Deduplication | U = UNSET
    delay: Milliseconds | U = UNSET
    fail_parent_on_failure: bool | U = UNSET
    group: InGroup | U = UNSET
    ignore_dependency_on_failure: bool | U = UNSET
    job_id: Id | U = UNSET
    keep_logs: Count | U = UNSET
    lifo: bool | U = UNSET
    parent: ParentJob | U = UNSET
    priority: Annotated[int, msgspec.Meta(ge=0, lt=2**21)] | U = UNSET
    remove_dependency_on_failure: bool | U = UNSET
    remove_on_complete: bool | Count | Keep | U = UNSET
    remove_on_fail: bool | Count | Keep | U = UNSET
    repeat: dict[str, Any] | U = UNSET
    size_limit: Count | U = UNSET
    stack_trace_limit: Count | U = UNSET
    telemetry: Telemetry | U = UNSET
    timestamp: Milliseconds | U = UNSET


class GivenJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A job to add; `data` is any JSON. By its metadata it can be found; it then has an id that no other job has."""

    name: Name
    data: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))
    opts: GivenOptions | None = None
    metadata: dict[str, Any] | None = None


def checked(jobs: GivenJob | list[GivenJob], now: int) -> list[NewJob]:
    """Raises `BadField` with a problem for each job that cannot be added."""
    found: list[NewJob] = []
    problems: list[FieldProblem] = []
    for index, job in enumerate(jobs if isinstance(jobs, list) else [jobs]):
        place = f"/{index}" if isinstance(jobs, list) else ""
        try:
            new = parse_job_args(job.name, job.data, plain(job.opts))
            _check_repeat(new, now)
            _check_metadata(job)
            found.append(new)
        except InvalidInput as error:
            problems += BadField.at(place, error).problems
    if problems:
        raise BadField(*problems[:_MOST_PROBLEMS])
    return found


def _check_repeat(job: NewJob, now: int) -> None:
    """The engine would refuse it as well, but not say where it stands."""
    repeat = job.opts.get("repeat")
    if repeat:
        try:
            new_scheduler("", job.name, job.data, repeat, {}, now)
        except InvalidInput as error:
            raise BadField.at("/opts/repeat", error) from None


def _check_metadata(job: GivenJob) -> None:
    if job.metadata is not None:
        try:
            check_metadata(job.metadata)
        except InvalidInput as error:
            raise BadField.at("/metadata", error) from None


def plain(opts: GivenOptions | None) -> dict[str, Any]:
    """The options that were given, under BullMQ's names."""
    given: dict[str, Any] = {} if opts is None else msgspec.to_builtins(opts)
    return given
