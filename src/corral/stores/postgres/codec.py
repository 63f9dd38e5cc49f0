"""Between a row of BullMQ's `job` table and `model.Job`."""

from functools import lru_cache
from typing import Any

import msgspec

from corral.model.job import NULL, ZERO, ClaimedJob, Job, JobOptions
from corral.policy.options import decode_short
from corral.stores.postgres.database import Row
from corral.stores.postgres.names import Names

_decode_opts = msgspec.json.Decoder(dict[str, Any]).decode
_decode_list = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode
_SHORT = 512  # options longer than this are rare and not worth remembering
_UNSET = msgspec.UNSET


def stored_job(names: Names, queue: str, row: Row, token: str | None = None) -> Job:
    """The job as BullMQ would show it when read back."""
    (
        job_id, name, data, opts, progress, returnvalue, stacktrace, delay, priority, started, made, stalled, added,
        reason, finished, processed, dedup, scheduler, parent_queue, parent_id, parent_key, by, *_,
    ) = row  # fmt: skip
    parent = parent_queue is not None and parent_id is not None
    return Job(
        name=name,
        data=msgspec.Raw(data.encode()),
        opts=_of_family(names, options(opts)),
        id=job_id,
        progress=ZERO if progress is None else msgspec.Raw(progress.encode()),
        returnvalue=NULL if returnvalue is None else msgspec.Raw(returnvalue.encode()),
        stacktrace=_stacktrace(stacktrace),
        delay=delay,
        priority=priority,
        attempts_started=started,
        attempts_made=made,
        stalled_counter=stalled,
        timestamp=added,
        queue_qualified_name=names.outward(queue),
        failed_reason=_UNSET if reason is None else reason,
        finished_on=_UNSET if finished is None else finished,
        processed_on=_UNSET if processed is None else processed,
        deduplication_id=_UNSET if dedup is None else dedup,
        repeat_job_key=_UNSET if scheduler is None else scheduler,
        parent_key=names.outward(parent_key) if parent and parent_key else _UNSET,
        parent=msgspec.Raw(_encode({"id": parent_id, "queueKey": names.outward(parent_queue)})) if parent else _UNSET,
        processed_by=_UNSET if by is None else by,
        token=_UNSET if token is None else token,
    )


def claimed_job(names: Names, queue: str, row: Row, token: str, deadline: int) -> ClaimedJob:
    """A row of what was claimed."""
    return ClaimedJob(stored_job(names, queue, row, token), token, deadline, row["deferred_failure"])


def options(text: str) -> JobOptions:
    """Stored options under their long names. The value may be shared: do not change it."""
    return _cached_options(text) if len(text) < _SHORT else _options(text)


def _of_family(names: Names, opts: JobOptions) -> JobOptions:
    parent = opts.get("parent")
    if not isinstance(parent, dict) or not isinstance(parent.get("queue"), str):
        return opts
    return {**opts, "parent": {**parent, "queue": names.outward(parent["queue"])}}


def _options(text: str) -> JobOptions:
    try:
        return {"attempts": 0, **decode_short(_decode_opts(text))}
    except (msgspec.DecodeError, RecursionError):
        return {"attempts": 0}


_cached_options = lru_cache(maxsize=1024)(_options)


def _stacktrace(text: str | None) -> list[str]:
    if not text:
        return []
    try:
        return _decode_list(text)
    except (msgspec.DecodeError, RecursionError):
        return []
