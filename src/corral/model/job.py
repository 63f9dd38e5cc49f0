"""Jobs as they are added, read and claimed. Payloads are JSON bytes that nobody here decodes."""

from typing import Any

import msgspec

JobOptions = dict[str, Any]
"""Options under BullMQ's long names (`removeOnComplete`, `deduplication`, ...), already normalised."""

NULL = msgspec.Raw(b"null")
ZERO = msgspec.Raw(b"0")


class NewJob(msgspec.Struct, frozen=True, gc=False):
    """A job to add. `opts` has passed `policy.options`; `data` is valid JSON in UTF-8."""

    name: str
    data: bytes
    opts: JobOptions


class Parent(msgspec.Struct, frozen=True, rename={"queue_key": "queueKey"}, gc=False):
    """Where a child job reports to; `queue_key` is `prefix:queue`."""

    id: str
    queue_key: str


class Job(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One stored job. Field order and names are BullMQ's wire form, so encoding this gives it.

    Times are milliseconds since the epoch. `progress` and `returnvalue` are JSON as stored.
    """

    name: str
    data: msgspec.Raw
    opts: JobOptions
    id: str
    progress: msgspec.Raw = ZERO
    returnvalue: msgspec.Raw = NULL
    stacktrace: list[str] | None = None
    delay: int | msgspec.UnsetType = msgspec.UNSET
    priority: int = 0
    attempts_started: int = 0
    attempts_made: int = 0
    stalled_counter: int = 0
    timestamp: int = 0
    queue_qualified_name: str = ""
    failed_reason: str | msgspec.UnsetType = msgspec.UNSET
    finished_on: int | msgspec.UnsetType = msgspec.UNSET
    processed_on: int | msgspec.UnsetType = msgspec.UNSET
    deduplication_id: str | msgspec.UnsetType = msgspec.UNSET
    repeat_job_key: str | msgspec.UnsetType = msgspec.UNSET
    parent_key: str | msgspec.UnsetType = msgspec.UNSET
    parent: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    processed_by: str | msgspec.UnsetType = msgspec.UNSET
    token: str | msgspec.UnsetType = msgspec.UNSET


class ClaimedJob(msgspec.Struct, frozen=True, gc=False):
    """A job that this process holds: `token` proves it until `deadline` (ms), unless renewed.

    `deferred_failure` is set when the job must be failed with that reason instead of run.
    """

    job: Job
    token: str
    deadline: int
    deferred_failure: str | None = None
