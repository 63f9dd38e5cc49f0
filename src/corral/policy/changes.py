"""What the events of a queue say of its jobs, in the words of webhooks."""

from collections.abc import Mapping

import msgspec

CREATED, STARTED, PROGRESS, COMPLETED, FAILED = "created", "started", "progress", "completed", "failed"
RETRYING, STALLED, PAUSED, RESUMED = "retrying", "stalled", "paused", "resumed"
OF_QUEUES = (PAUSED, RESUMED)
"""Changes of a whole queue, which no job is named in."""

_REPORTED = "reported"
_PLAIN = {
    "added": CREATED,
    "active": STARTED,
    "progress": PROGRESS,
    "completed": COMPLETED,
    "failed": FAILED,
    "stalled": STALLED,
}
_FIELDS = {"progress": "data", "result": "returnvalue"}


class Change(msgspec.Struct, frozen=True):
    """One change. `result`, `error` and `progress` are JSON."""

    event_id: str
    status: str
    at: int
    job_id: str = ""
    result: bytes | None = None
    error: bytes | None = None
    progress: bytes | None = None

    @property
    def uncertain(self) -> bool:
        """Only the job itself tells whether it is so: it waits again, after a failure or for another reason."""
        return self.status == RETRYING


def change_of(event_id: str, name: str, fields: Mapping[str, str], at: int) -> Change | None:
    """None for events that are no change, such as that a queue has drained."""
    job_id = fields.get("jobId", "")
    if name in OF_QUEUES:
        return Change(event_id, name, at)
    if not job_id:
        return None
    if name == _REPORTED:
        said = {field: _json(fields[field]) for field in ("progress", "result", "error") if field in fields}
        return Change(event_id, fields.get("status", ""), at, job_id, **said)
    if name == "delayed" or (name == "waiting" and fields.get("prev") in ("active", "failed")):
        return Change(event_id, RETRYING, at, job_id)
    status = _PLAIN.get(name)
    if status is None:
        return None
    found = {part: _json(fields[field]) for part, field in _FIELDS.items() if field in fields}
    error = msgspec.json.encode(fields["failedReason"]) if "failedReason" in fields else None
    return Change(event_id, status, at, job_id, error=error, **found)


def _json(text: str) -> bytes:
    """JSON as it came; what is none, as from a program that writes plain text, becomes a string."""
    stored = text.encode(errors="replace")
    try:
        msgspec.json.decode(stored, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return msgspec.json.encode(stored.decode())
    return stored
