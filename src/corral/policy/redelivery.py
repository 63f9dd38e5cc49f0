"""When a call that failed is made again, and which answers are the end of it."""

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

_LONGEST_MS = 60_000
_LONGEST_AFTER_MS = 3_600_000
"""What a receiver may ask for by `Retry-After`."""

_JITTER = 0.1
_MOST_DOUBLINGS = 60
_TRY_AGAIN = (408, 425, 429)
GONE = 410


class Terms(msgspec.Struct, frozen=True):
    """How often, and how long to wait (ms) after the first attempt; `factor` times as long after each one more."""

    attempts: int
    first_ms: float
    factor: float = 2


def is_success(status: int) -> bool:
    return 200 <= status < 300


def is_final(status: int | None) -> bool:
    """Whether another attempt would get the same answer: the request is refused, not hindered. None: no answer."""
    return status is not None and 300 <= status < 500 and status not in _TRY_AGAIN


def wait_ms(terms: Terms, attempt: int, retry_after: int | None, random: Callable[[], float]) -> int:
    """Before the attempt after this one, from 1 to 1.1 times what the terms say; at least what the receiver asked."""
    doublings = min(max(attempt, 1) - 1, _MOST_DOUBLINGS)
    try:
        wait = min(terms.first_ms * terms.factor**doublings, _LONGEST_MS)
    except OverflowError:
        wait = _LONGEST_MS
    wait = min(wait * (1 + _JITTER * random()), _LONGEST_MS)
    return max(int(wait), retry_after or 0)


def retry_after_ms(header: str | None, now: int) -> int | None:
    """What `Retry-After` says, in seconds or as a date, up to an hour; None for anything else."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * 1000, _LONGEST_AFTER_MS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(int(moment.timestamp() * 1000) - now, 0), _LONGEST_AFTER_MS)
