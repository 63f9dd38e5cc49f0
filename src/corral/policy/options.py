"""Job options as they are stored: normalised, under BullMQ's short names, and which make a job plain."""

from collections.abc import Callable, Mapping
from typing import Any

from corral.model.errors import InvalidInput
from corral.model.job import JobOptions
from corral.policy.groups import tidy_group
from corral.policy.javascript import UNDEFINED, is_number, number, text, truthy
from corral.policy.retention import tidy_retention

PLAIN_OPTIONS = frozenset(
    {"attempts", "backoff", "removeOnComplete", "removeOnFail", "keepLogs", "timestamp"},
)
"""Options that do not change where an added job goes, so that a job with no others can be added in bulk."""

_SHORT = {
    "deduplication": "de",
    "failParentOnFailure": "fpof",
    "continueParentOnFailure": "cpof",
    "ignoreDependencyOnFailure": "idof",
    "keepLogs": "kl",
    "removeDependencyOnFailure": "rdof",
}
_LONG = {short: long for long, short in _SHORT.items()}
_TELEMETRY = {"metadata": "tm", "omitContext": "omc"}
SHORT_NAMES = frozenset({*_LONG, *_TELEMETRY.values()})
"""What the scripts read; a client may not use them as option names."""

_CHANGED_LONG = frozenset({*_SHORT, "telemetry"})
_MAX_NESTING = 12  # the scripts' MessagePack writer stops at 16


def normalise(opts: Mapping[str, Any]) -> JobOptions:
    """The options as BullMQ stores them: `attempts` first, a backoff number as an object, no nulls, 5.0 as 5.

    Expects options that passed their checks. Raises InvalidInput for what the engine could not hold.
    """
    stored: JobOptions = {"attempts": 0}
    for name, value in opts.items():
        tidied = _TIDY.get(name, tidy)(value)
        if tidied is not None and tidied is not UNDEFINED:
            stored[name] = tidied
    return stored


def is_plain(opts: JobOptions) -> bool:
    """No option in force but `PLAIN_OPTIONS`: no delay, priority, id, deduplication, parent or the like."""
    if opts.keys() <= PLAIN_OPTIONS:
        return True
    return not any(value for name, value in opts.items() if name not in PLAIN_OPTIONS)


def encode_short(opts: JobOptions) -> dict[str, Any]:
    """Under the names that are stored. May be the argument itself: do not change it."""
    if _CHANGED_LONG.isdisjoint(opts):
        return opts
    short = {_SHORT.get(name, name): value for name, value in opts.items() if name != "telemetry"}
    telemetry = opts.get("telemetry") or {}
    short.update((_TELEMETRY[name], value) for name, value in telemetry.items() if name in _TELEMETRY)
    return short


def decode_short(opts: dict[str, Any]) -> JobOptions:
    """The inverse of `encode_short`. May be the argument itself: do not change it."""
    if SHORT_NAMES.isdisjoint(opts):
        return opts
    telemetry = {name: opts[short] for name, short in _TELEMETRY.items() if short in opts}
    long = {_LONG.get(name, name): value for name, value in opts.items() if name not in _TELEMETRY.values()}
    return {**long, "telemetry": telemetry} if telemetry else long


def tidy(value: Any, depth: int = _MAX_NESTING) -> Any:
    """A value that MessagePack, Lua and JSON can all hold: numbers in range, no nulls, not nested deeply."""
    if isinstance(value, dict):
        _check_depth(depth)
        return {name: tidy(item, depth - 1) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        _check_depth(depth)
        return [tidy(item, depth - 1) for item in value if item is not None]
    if type(value) is str:
        return value
    try:
        return number(value)
    except OverflowError:
        raise InvalidInput(f"Invalid number {text(value)}") from None


def tidy_backoff(value: Any) -> Any:
    """BullMQ's own normalisation: a number is a fixed delay, anything falsy is none."""
    if is_number(value) and value:
        return {"type": "fixed", "delay": tidy(value)}
    return _or_nothing(value)


def _check_depth(left: int) -> None:
    if left <= 0:
        raise InvalidInput("Options are nested too deeply")


def _or_nothing(value: Any) -> Any:
    return tidy(value) if truthy(value) else UNDEFINED


def _or_zero(value: Any) -> Any:
    return tidy(value) if value else 0


def _number_or_nothing(value: Any) -> Any:
    """0 is kept, as BullMQ shows it; other falsy values are not worth storing."""
    return tidy(value) if is_number(value) else UNDEFINED


_TIDY: dict[str, Callable[[Any], Any]] = {
    "attempts": _or_zero,
    "delay": _number_or_nothing,
    "priority": _number_or_nothing,
    "backoff": tidy_backoff,
    "lifo": bool,
    "jobId": _or_nothing,
    "deduplication": _or_nothing,
    "group": tidy_group,
    "repeat": _or_nothing,
    "parent": _or_nothing,
    "timestamp": _or_nothing,
    "keepLogs": _number_or_nothing,
    "removeOnComplete": tidy_retention,
    "removeOnFail": tidy_retention,
}
