"""Between a job's hash in Redis and `model.Job`."""

from functools import lru_cache
from typing import Any

import msgspec

from corral.model.job import ClaimedJob, Job, JobOptions
from corral.policy.json_body import json_or_text
from corral.policy.options import decode_short

_decode_opts = msgspec.json.Decoder(dict[str, Any]).decode
_decode_list = msgspec.json.Decoder(list[str]).decode
_EMPTY = msgspec.Raw(b"{}")
_SHORT = 512  # options longer than this are rare and not worth remembering


def fields(flat: list[bytes]) -> dict[bytes, bytes]:
    """HGETALL's flat reply as a dict."""
    pairs = iter(flat)
    return dict(zip(pairs, pairs, strict=True))


def stored_job(qualified: str, job_id: str, found: dict[bytes, bytes], token: str | None = None) -> Job:
    """The job as BullMQ would show it when read back; unknown fields are left out, junk becomes text."""
    get = found.get
    rest = _optional(found, token) if len(found) > 6 or token else {}
    data = get(b"data")
    return Job(
        name=_text(get(b"name", b"")),
        data=msgspec.Raw(data) if data else _EMPTY,
        opts=options(get(b"opts", b"{}")),
        id=job_id,
        stacktrace=_stacktrace(get(b"stacktrace")),
        delay=_int(get(b"delay")),
        priority=_int(get(b"priority")),
        timestamp=_int(get(b"timestamp")),
        queue_qualified_name=qualified,
        **rest,
    )


def claimed_job(qualified: str, entry: tuple[bytes, list[bytes]], token: str, deadline: int) -> ClaimedJob:
    """One entry of what the claim script answers."""
    found = fields(entry[1])
    deferred = found.get(b"defa")
    return ClaimedJob(
        job=stored_job(qualified, entry[0].decode(), found, token),
        token=token,
        deadline=deadline,
        deferred_failure=_text(deferred) if deferred else None,
    )


def options(raw: bytes) -> JobOptions:
    """Stored options under their long names. The value may be shared: do not change it."""
    return _cached_options(raw) if len(raw) < _SHORT else _options(raw)


def _options(raw: bytes) -> JobOptions:
    try:
        return {"attempts": 0, **decode_short(_decode_opts(raw))}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"attempts": 0}


_cached_options = lru_cache(maxsize=1024)(_options)


def _optional(found: dict[bytes, bytes], token: str | None) -> dict[str, Any]:
    """The fields that most jobs do not have."""
    rest: dict[str, Any] = {}
    for key, value in found.items():
        known = _OPTIONAL.get(key)
        if known is not None:
            rest[known[0]] = known[1](value)
    if token:
        rest["token"] = token
    return rest


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _int(raw: bytes | None) -> int:
    try:
        return int(raw or 0)
    except ValueError:
        return _whole(raw or b"")


def _whole(raw: bytes) -> int:
    try:
        return int(float(raw))
    except (ValueError, OverflowError):
        return 0


def _stacktrace(raw: bytes | None) -> list[str]:
    if not raw:
        return []
    try:
        return _decode_list(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


_OPTIONAL: dict[bytes, tuple[str, Any]] = {
    b"progress": ("progress", json_or_text),
    b"returnvalue": ("returnvalue", json_or_text),
    b"ats": ("attempts_started", _int),
    b"attemptsMade": ("attempts_made", _int),
    b"atm": ("attempts_made", _int),
    b"stc": ("stalled_counter", _int),
    b"failedReason": ("failed_reason", _text),
    b"finishedOn": ("finished_on", _int),
    b"processedOn": ("processed_on", _int),
    b"deid": ("deduplication_id", _text),
    b"rjk": ("repeat_job_key", _text),
    b"parentKey": ("parent_key", _text),
    b"parent": ("parent", json_or_text),
    b"pb": ("processed_by", _text),
}
