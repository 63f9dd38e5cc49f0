"""Which part of a list a query asks for, read as bullmq-proxy reads it."""

import msgspec

from corral.model.errors import InvalidInput
from corral.policy.javascript import MAX_SAFE, parse_int

ALL_STATES = (
    "active",
    "completed",
    "delayed",
    "failed",
    "paused",
    "prioritized",
    "waiting",
    "waiting-children",
)
"""In the order in which BullMQ goes through them when none is named."""

_LISTED = frozenset({"waiting", "active", "completed", "failed", "delayed"})
_DEFAULT_STATES = ("waiting", "active", "completed", "failed")
_MAX_LENGTH = 100


class Page(msgspec.Struct, frozen=True):
    """`length` entries from `start` on; `end` is inclusive. With a length of 0 there is nothing to fetch."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length - 1


def parse_page(start: str | None, length: str | None) -> Page:
    """From the query's values, unset or empty ones being 0 and 10. Raises InvalidInput."""
    first, count = parse_int(start or "0"), parse_int(length or "10")
    if first is None or count is None:
        raise InvalidInput("Invalid start or length")
    if first < 0 or count < 0:
        raise InvalidInput("Start and length must be positive")
    if count > _MAX_LENGTH:
        raise InvalidInput(f"Length must be less than or equal to {_MAX_LENGTH}")
    if first > MAX_SAFE:
        raise InvalidInput("Invalid start or length")
    return Page(first, count)


def parse_log_range(start: str | None, length: str | None, end: str | None) -> tuple[int, int] | None:
    """The rows `start..end` (inclusive; -1 is the last), or None for no rows. `end` wins over `length`.

    Raises InvalidInput.
    """
    if not end:
        page = parse_page(start, length)
        return (page.start, page.end) if page.length else None
    first, last = parse_int(start or "0"), parse_int(end)
    if first is None or last is None or max(first, last) > MAX_SAFE:
        raise InvalidInput("Invalid start or end")
    if first < 0 or last < -1:
        raise InvalidInput("Start must be positive, and end positive or -1")
    return first, last


def parse_statuses(statuses: str | None) -> list[str]:
    """The states to list, each once, in the order asked for; commas alone mean all. Raises InvalidInput."""
    if not statuses:
        return list(_DEFAULT_STATES)
    asked = list(dict.fromkeys(status for status in statuses.split(",") if status))
    for status in asked:
        if status not in _LISTED:
            raise InvalidInput(f"Invalid status: {status}")
    return asked or list(ALL_STATES)


def counted_states(states: list[str]) -> list[str]:
    """The states to count: whoever asks for waiting jobs is also told of `paused`, as by BullMQ 5."""
    return [*states, "paused"] if "waiting" in states and "paused" not in states else states
