"""Job options in an HTTP body: checks in bullmq-proxy's order and with its texts; the first failure wins."""

from collections.abc import Callable, Set
from typing import Any

from corral.model.errors import InvalidInput
from corral.policy.javascript import UNDEFINED, is_number, is_whole, member, text, truthy, unexpected

_ALLOWED = frozenset(
    {
        "delay",
        "lifo",
        "priority",
        "attempts",
        "backoff",
        "jobId",
        "deduplication",
        "removeOnComplete",
        "removeOnFail",
        "repeat",
        "telemetry",
    }
)
_BACKOFF = frozenset({"type", "delay"})
_DEDUPLICATION = frozenset({"id", "ttl"})
_REPEAT = frozenset(
    {"every", "limit", "key", "immediately", "pattern", "tz", "startDate", "endDate", "offset", "count"}
)
_HIGHEST_PRIORITY = 2_097_152


def check_posted(opts: Any) -> None:
    """`opts` is any truthy JSON value; what has no fields, like 5 or `[]`, passes. Raises InvalidInput."""
    refuse_unexpected(opts, _ALLOWED)
    if isinstance(opts, dict):
        for name, check in _CHECKS:
            if name in opts:
                check(opts[name])


def refuse_unexpected(opts: Any, allowed: Set[str]) -> None:
    field = unexpected(opts, allowed)
    if field is not None:
        raise InvalidInput(f"Unexpected field: opts.{text(field)}")


def check_delay(value: Any) -> None:
    if truthy(value) and not is_whole(value, 0):
        raise InvalidInput(f"Invalid delay {text(value)}")


def check_attempts(value: Any) -> None:
    if truthy(value) and not is_whole(value, 0):
        raise InvalidInput(f"Invalid attempts {text(value)}")


def check_job_id(value: Any) -> None:
    if truthy(value) and not isinstance(value, str):
        raise InvalidInput(f"Invalid jobId {text(value)}, must be a string")


def check_backoff_number(value: Any) -> None:
    if value < 0:
        raise InvalidInput(f"Invalid backoff delay {text(value)}, must be greater than 0")


def check_backoff_object(value: Any) -> None:
    if not isinstance(value, dict):
        raise InvalidInput(f"Invalid backoff {text(value)}, must be a number or an object")
    if not value:
        raise InvalidInput("Invalid backoff {}, must be a number or an object with at least the type field")


def check_deduplication_id(value: Any) -> None:
    given = member(value, "id")
    if not isinstance(given, str):
        raise InvalidInput(f"Invalid deduplication.id {text(given)}, must be a string")


def check_repeat(value: Any) -> None:
    """`every` is required unless there is a cron `pattern`; whether that can be read is for others to say."""
    if not truthy(value):
        return
    refuse_unexpected(value, _REPEAT)
    if not truthy(member(value, "every")) and not truthy(member(value, "pattern")):
        raise InvalidInput("repeat.every is required")
    for name in ("every", "limit"):
        _check_positive(name, member(value, name))
    immediately = member(value, "immediately")
    if immediately is not UNDEFINED and not isinstance(immediately, bool):
        raise InvalidInput(f"Invalid immediately {text(immediately)}, must be a boolean")
    for name in ("key", "pattern", "tz"):
        _check_text(name, member(value, name))
    for name in ("startDate", "endDate"):
        _check_date(name, member(value, name))
    for name in ("offset", "count"):
        _check_count(name, member(value, name))


def check_telemetry(value: Any) -> None:
    """As BullMQ has it: the context of a trace as text, and whether a job is to go without. Other members it drops."""
    if not truthy(value):
        return
    if not isinstance(value, dict):
        raise InvalidInput(f"Invalid telemetry {text(value)}, must be an object")
    metadata, omit = (member(value, name) for name in ("metadata", "omitContext"))
    if truthy(metadata) and not isinstance(metadata, str):
        raise InvalidInput(f"Invalid telemetry.metadata {text(metadata)}, must be a string")
    if truthy(omit) and not isinstance(omit, bool):
        raise InvalidInput(f"Invalid telemetry.omitContext {text(omit)}, must be a boolean")


def _check_priority(value: Any) -> None:
    if not is_whole(value, 1, _HIGHEST_PRIORITY):
        raise InvalidInput(f"Invalid priority {text(value)}")


def _check_backoff(value: Any) -> None:
    if is_number(value):
        check_backoff_number(value)
    elif truthy(value):
        _check_backoff_object(value)


def _check_backoff_object(value: Any) -> None:
    check_backoff_object(value)
    refuse_unexpected(value, _BACKOFF)
    if "delay" not in value:
        return
    kind, delay = member(value, "type"), value["delay"]
    if kind not in ("fixed", "exponential"):
        known = '"fixed" or "exponential"'
        raise InvalidInput(f"Invalid backoff type {text(kind)}, must be {known} if delay is provided")
    if not is_number(delay):
        raise InvalidInput(f"Invalid backoff delay {text(delay)}, must be a number")
    check_backoff_number(delay)


def _check_lifo(value: Any) -> None:
    if not isinstance(value, bool):
        raise InvalidInput(f"Invalid lifo {text(value)}, must be a boolean")


def _check_deduplication(value: Any) -> None:
    if not truthy(value):
        return
    refuse_unexpected(value, _DEDUPLICATION)
    check_deduplication_id(value)
    ttl = member(value, "ttl")
    if ttl is UNDEFINED:
        return
    if not is_number(ttl):
        raise InvalidInput(f"Invalid deduplication.ttl {text(ttl)}, must be a number")
    if ttl < 0:
        raise InvalidInput(f"Invalid deduplication.ttl {text(ttl)}, must be greater than 0")


def _check_positive(name: str, value: Any) -> None:
    if truthy(value) and not is_whole(value, 1):
        raise InvalidInput(f"Invalid {name} {text(value)}")


def _check_text(name: str, value: Any) -> None:
    if truthy(value) and not isinstance(value, str):
        raise InvalidInput(f"Invalid {name} {text(value)}, must be a string")


def _check_date(name: str, value: Any) -> None:
    if truthy(value) and not isinstance(value, str) and not is_whole(value, 0):
        raise InvalidInput(f"Invalid {name} {text(value)}")


def _check_count(name: str, value: Any) -> None:
    if truthy(value) and not is_whole(value, 0):
        raise InvalidInput(f"Invalid {name} {text(value)}")


_CHECKS: tuple[tuple[str, Callable[[Any], None]], ...] = (
    ("delay", check_delay),
    ("priority", _check_priority),
    ("attempts", check_attempts),
    ("backoff", _check_backoff),
    ("lifo", _check_lifo),
    ("jobId", check_job_id),
    ("deduplication", _check_deduplication),
    ("repeat", check_repeat),
    ("telemetry", check_telemetry),
)
