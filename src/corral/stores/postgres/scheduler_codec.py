"""Between a row of BullMQ's `scheduler` table, as JSON, and `model.StoredScheduler`."""

from typing import Any

import msgspec

from corral.model.scheduler import Scheduler, StoredScheduler, Template
from corral.policy.options import decode_short

_UNSET = msgspec.UNSET
_NOTHING = (b"{}", b"null")


class _Row(msgspec.Struct, frozen=True):
    """What the function `shown` gives."""

    scheduler_id: str
    revision: str
    started: bool
    repeat: msgspec.Raw = msgspec.Raw(b"null")
    name: str | None = None
    next_run_ms: int | None = None
    iteration_count: int | None = None
    limit_count: int | None = None
    start_date_ms: int | None = None
    end_date_ms: int | None = None
    tz: str | None = None
    pattern: str | None = None
    every_ms: int | None = None
    offset_ms: int | None = None
    template_data: msgspec.Raw = msgspec.Raw(b"null")
    template_opts: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Row).decode
_decode_any = msgspec.json.Decoder().decode


def stored_scheduler(text: str) -> StoredScheduler:
    """As BullMQ would show it; what is empty or 0 is left out."""
    row = _decode(text)
    scheduler = Scheduler(
        key=row.scheduler_id,
        name=row.name or "",
        next=row.next_run_ms or 0,
        iteration_count=row.iteration_count or _UNSET,
        limit=row.limit_count or _UNSET,
        start_date=row.start_date_ms or _UNSET,
        end_date=row.end_date_ms or _UNSET,
        tz=row.tz or _UNSET,
        pattern=row.pattern or _UNSET,
        every=row.every_ms or _UNSET,
        offset=_UNSET if row.offset_ms is None or not row.every_ms else row.offset_ms,
        template=_template(row),
    )
    repeat = _decode_any(row.repeat)
    return StoredScheduler(scheduler, repeat if isinstance(repeat, dict) else None, row.started, row.revision)


def _template(row: _Row) -> Template | msgspec.UnsetType:
    data = _UNSET if bytes(row.template_data) in _NOTHING else row.template_data.copy()
    opts = decode_short(row.template_opts) if row.template_opts else _UNSET
    return _UNSET if data is _UNSET and opts is _UNSET else Template(data, opts)
