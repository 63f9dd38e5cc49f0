"""Between a scheduler's hash in Redis and `model.StoredScheduler`."""

from typing import Any

import msgspec

from corral.model.scheduler import Scheduler, StoredScheduler, Template
from corral.policy.javascript import MAX_SAFE
from corral.policy.json_body import json_or_text
from corral.policy.options import decode_short
from corral.stores.redis.codec import fields
from corral.stores.redis.revision import revision_of

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_UNSET = msgspec.UNSET


def stored_scheduler(entry: list[Any]) -> StoredScheduler | None:
    """One entry of what the script answers; None where only the name of a scheduler is left."""
    key, due, flat, (opts, started, ended) = entry
    record = fields(flat)
    if not record:
        return None
    scheduler = Scheduler(
        key=_text(key),
        name=_text(record.get(b"name", b"")),
        next=_whole(due) or 0,
        iteration_count=_whole(record.get(b"ic")) or _UNSET,
        limit=_whole(record.get(b"limit")) or _UNSET,
        start_date=_whole(record.get(b"startDate")) or _UNSET,
        end_date=_whole(record.get(b"endDate")) or _UNSET,
        tz=_text(record.get(b"tz", b"")) or _UNSET,
        pattern=_text(record.get(b"pattern", b"")) or _UNSET,
        every=_whole(record.get(b"every")) or _UNSET,
        offset=_offset(record.get(b"offset")),
        template=_template(record),
    )
    repeat = None if opts is None else _object(opts).get("repeat")
    return StoredScheduler(
        scheduler,
        repeat if isinstance(repeat, dict) else None,
        started=bool(started or ended or not opts),
        revision=revision_of(record),
    )


def _template(record: dict[bytes, bytes]) -> Template | msgspec.UnsetType:
    data, opts = record.get(b"data"), record.get(b"opts")
    if not data and not opts:
        return _UNSET
    return Template(json_or_text(data) if data else _UNSET, decode_short(_object(opts)) if opts else _UNSET)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _offset(raw: bytes | None) -> int | msgspec.UnsetType:
    """Unlike the others, 0 is worth showing."""
    found = _whole(raw)
    return _UNSET if found is None else found


def _whole(raw: bytes | None) -> int | None:
    try:
        found = None if raw is None else int(float(raw))
    except (ValueError, OverflowError):
        return None
    return found if found is None or abs(found) <= MAX_SAFE else None


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
