"""Names that end up in the engine's keys: queues, and ids that a client gives its jobs."""

import re

from corral.model.errors import InvalidInput
from corral.policy.javascript import text

_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"-?[0-9]{1,400}")
_KEPT = frozenset(b";/?:@&=+$,#")
_QUEUE_KEYS = frozenset(
    {
        *(
            "active",
            "completed",
            "corral",
            "de",
            "delayed",
            "dn",
            "events",
            "failed",
            "id",
            "limiter",
            "marker",
        ),
        *("meta", "metrics", "paused", "pc", "prioritized", "priority", "repeat", "stalled", "stalled-check"),
        *("wait", "waiting-children"),
        "queues",  # of a queue named corral: the index of all queues
    }
)


def check_queue_name(name: str, min_length: int, max_length: int) -> None:
    """Lengths are UTF-16 units, as in bullmq-proxy; a colon could reach other keys. Raises InvalidInput."""
    length = len(name) if name.isascii() else _utf16_length(name)
    if length < min_length:
        raise InvalidInput(f"queue name must be at least {min_length} characters long")
    if length > max_length:
        raise InvalidInput(f"queue name must be at most {max_length} characters long")
    if ":" in name:
        raise InvalidInput("Queue name cannot contain :")


def decode_segment(raw: str) -> str:
    """One segment decoded like JavaScript's decodeURI: `%20` is a space, `%2F` stays. Raises InvalidInput."""
    if "%" not in raw:
        return raw
    if _BAD_ESCAPE.search(raw):
        raise InvalidInput("Malformed escape in the path")
    try:
        return _RUN.sub(_decode_run, raw)
    except UnicodeDecodeError:
        raise InvalidInput("Malformed escape in the path") from None


def check_custom_id(job_id: str) -> None:
    """BullMQ's rules for a `jobId`, and one more: it may not name a key of the queue. Raises InvalidInput."""
    if _prints_as_integer(job_id):
        raise InvalidInput("Custom Id cannot be integers")
    parts = job_id.split(":")
    if len(parts) not in (1, 3):  # three parts are the ids of old repeatable jobs
        raise InvalidInput("Custom Id cannot contain :")
    if len(parts) == 3 and parts[0] == "0":
        raise InvalidInput("JobId cannot be '0' or start with 0:")
    if parts[0] in _QUEUE_KEYS:
        raise InvalidInput(f"Custom Id cannot be {job_id}")


def is_queue_key(job_id: str) -> bool:
    """Whether the id is the name of a queue's own key, which holds something else than a job."""
    return job_id in _QUEUE_KEYS


def _utf16_length(name: str) -> int:
    try:
        return len(name.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise InvalidInput("queue name must be valid Unicode") from None


def _decode_run(run: re.Match[str]) -> str:
    escapes = [run[0][i : i + 3] for i in range(0, len(run[0]), 3)]
    octets = ((int(escape[1:], 16), escape) for escape in escapes)
    return b"".join(escape.encode() if octet in _KEPT else bytes([octet]) for octet, escape in octets).decode()


def _prints_as_integer(job_id: str) -> bool:
    """`${parseInt(id, 10)}` === id: long digit strings and leading zeros are ids, "NaN" is not."""
    return job_id == "NaN" or (_INTEGER.fullmatch(job_id) is not None and text(int(job_id)) == job_id)
