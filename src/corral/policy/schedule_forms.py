"""What clients send about schedules: every member that is wrong is told of, in the words of express-validator."""

from collections.abc import Callable
from typing import Any

import msgspec

from corral.model.errors import InvalidInput
from corral.model.schedule import RetryPolicy, Schedule, ScheduledEndpoint, Timing
from corral.policy.cron.dates import to_ms
from corral.policy.cron.zone import zone_named
from corral.policy.metadata import check_metadata
from corral.policy.subscriber_forms import check_sent_headers
from corral.policy.targets import host_of

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
_INVALID = "Invalid value"
_LONGEST_BODY = 65_536
_WEEK_MS = 604_800_000
_UTC = zone_named("UTC")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One member that is wrong; without `value`, it is missing."""

    type: str = "field"
    value: Any
    msg: str
    path: str
    location: str


class _Check(msgspec.Struct, frozen=True):
    path: str
    fits: Callable[[Any], bool]
    text: str = _INVALID

    @property
    def required(self) -> bool:
        return self.text != _INVALID


def problems_of(body: Any, *, whole: bool) -> list[Problem]:
    """Everything that is wrong with the body of a new schedule (`whole`), or with changes of one."""
    found = []
    for check in _CHECKS:
        value = _at(body, check.path)
        if value is msgspec.UNSET and not (check.required and whole):
            continue
        if value is None and not check.required:
            continue
        if value is msgspec.UNSET or not check.fits(value):
            found.append(problem(check.text, check.path, value))
    return found


def problem(msg: str, path: str, value: Any, location: str = "body") -> Problem:
    return Problem(value=value, msg=msg, path=path, location=location)


def parts_of(body: dict[str, Any], before: Schedule | None = None) -> dict[str, Any]:
    """Fields of the schedule, of a body without problems; what was left out is not there. Members of `endpoint`,
    `schedule` and `retryPolicy` are merged with those before, and null takes one away."""
    found = {field: body[name] for name, field in _PLAIN.items() if body.get(name) is not None}
    for name, field, kind in _MERGED:
        if isinstance(body.get(name), dict):
            old = {} if before is None else msgspec.to_builtins(getattr(before, field))
            given = _timed(body[name]) if kind is Timing else body[name]
            found[field] = msgspec.convert(_merged(old, given), kind)
    return found


def _merged(old: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**old, **given}.items() if value is not None}


def _timed(given: dict[str, Any]) -> dict[str, Any]:
    moments = {name: to_ms(given[name], _UTC) for name in ("at", "endDate") if given.get(name) is not None}
    return {**given, **moments}


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(body, dict):
            return msgspec.UNSET
        body = body.get(name, msgspec.UNSET)
    return body


def _is_text(most: int, least: int = 1) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def _is_whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _is_one_of(*texts: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in texts


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_date(value: Any) -> bool:
    try:
        to_ms(value, _UTC)
    except ValueError:
        return False
    return isinstance(value, str)


def _is_url(value: Any) -> bool:
    """Whether it may be called is another matter."""
    try:
        host_of(value if isinstance(value, str) else "")
    except InvalidInput:
        return False
    return True


def _are_headers(value: Any) -> bool:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return False
    return _passes(check_sent_headers, value)


def _is_metadata(value: Any) -> bool:
    return _passes(check_metadata, value)


def _passes(check: Callable[[Any], object], value: Any) -> bool:
    try:
        check(value)
    except InvalidInput:
        return False
    return True


def _is_body(value: Any) -> bool:
    return len(msgspec.json.encode(value)) <= _LONGEST_BODY


_PLAIN = {
    "name": "name",
    "description": "description",
    "enabled": "enabled",
    "metadata": "metadata",
    "createdBy": "created_by",
}
_MERGED: tuple[tuple[str, str, type[msgspec.Struct]], ...] = (
    ("endpoint", "endpoint", ScheduledEndpoint),
    ("schedule", "timing", Timing),
    ("retryPolicy", "retry_policy", RetryPolicy),
)
_CHECKS = (
    _Check("name", _is_text(200), "Schedule name is required"),
    _Check("description", _is_text(2000, 0)),
    _Check("endpoint", _is_object, "Endpoint configuration is required"),
    _Check("endpoint.url", _is_url, "Valid endpoint URL is required"),
    _Check("endpoint.method", _is_one_of(*METHODS), "Valid HTTP method is required"),
    _Check("endpoint.headers", _are_headers),
    _Check("endpoint.body", _is_body),
    _Check("endpoint.timeout", _is_whole(1000, 300_000)),
    _Check("schedule", _is_object, "Schedule configuration is required"),
    _Check("schedule.cron", _is_text(1000)),
    _Check("schedule.at", _is_date),
    _Check("schedule.timezone", _is_text(100)),
    _Check("schedule.endDate", _is_date),
    _Check("schedule.limit", _is_whole(1, 2**53 - 1)),
    _Check("retryPolicy", _is_object),
    _Check("retryPolicy.attempts", _is_whole(1, 10)),
    _Check("retryPolicy.backoff", _is_object),
    _Check("retryPolicy.backoff.type", _is_one_of("exponential", "fixed")),
    _Check("retryPolicy.backoff.delay", _is_whole(0, _WEEK_MS)),
    _Check("enabled", lambda value: isinstance(value, bool)),
    _Check("metadata", _is_metadata),
    _Check("createdBy", _is_text(200)),
)
