"""Retention of finished jobs: `true` (none), `false` (all), a count, or `{count, age, limit}`."""

from typing import Any

from corral.policy.javascript import MAX_SAFE, is_number, is_whole, number

_FIELDS = ("age", "count", "limit")


def is_retention(value: Any) -> bool:
    """Whether the engine's scripts can follow it. A negative count keeps all (BullMQ's); `age` is seconds."""
    if isinstance(value, dict):
        return _is_whole(value.get("count")) and _is_whole(value.get("limit")) and _is_age(value.get("age"))
    return isinstance(value, bool) or (value is not None and _is_whole(value))


def tidy_retention(value: Any) -> Any:
    """The fields that count, without nulls, and 5.0 as 5. What is no retention stays as it is."""
    if not isinstance(value, dict):
        return _tidy_number(value)
    known = {name: _tidy_number(item) for name, item in value.items() if name in _FIELDS}
    return {name: item for name, item in known.items() if item is not None}


def _is_whole(value: Any) -> bool:
    return value is None or is_whole(value, -MAX_SAFE)


def _is_age(value: Any) -> bool:
    return value is None or (is_number(value) and 0 <= value <= MAX_SAFE)


def _tidy_number(value: Any) -> Any:
    return number(value) if is_number(value) and abs(value) <= MAX_SAFE else value
