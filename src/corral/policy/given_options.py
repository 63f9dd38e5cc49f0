"""Job options in a WebSocket `add`: all that BullMQ knows, refused only where no engine could act on them."""

from collections.abc import Callable
from typing import Any

from corral.model.errors import BadField, InvalidInput
from corral.model.job import JobOptions
from corral.policy.groups import check_group
from corral.policy.javascript import MAX_SAFE, is_number, is_whole, member, text, truthy
from corral.policy.options import SHORT_NAMES
from corral.policy.posted_options import (
    check_attempts,
    check_backoff_number,
    check_backoff_object,
    check_deduplication_id,
    check_job_id,
    check_telemetry,
)


def check_given(opts: Any) -> JobOptions:
    """The checked options, `debounce` under its new name `deduplication`. What is no object has no options.

    Raises BadField, with a pointer to the option.
    """
    if not isinstance(opts, dict):
        return {}
    reserved = SHORT_NAMES & opts.keys()
    if reserved:
        name = min(reserved)
        raise BadField.at(f"/{name}", InvalidInput(f"Unexpected field: opts.{name}"))
    checked = _renamed(opts) if "debounce" in opts else opts
    for name, value in checked.items():
        check = _CHECKS.get(name)
        if check and truthy(value):
            try:
                check(value)
            except InvalidInput as error:
                raise BadField.at(f"/{name}", error) from None
    return checked


def _renamed(opts: JobOptions) -> JobOptions:
    rest = {name: value for name, value in opts.items() if name != "debounce"}
    return rest if rest.get("deduplication") else {**rest, "deduplication": opts["debounce"]}


def _check_delay(value: Any) -> None:
    if not is_number(value) or not 0 <= value <= MAX_SAFE:
        raise InvalidInput(f"Invalid delay {text(value)}")


def _check_priority(value: Any) -> None:
    if not is_whole(value, 0):
        raise InvalidInput(f"Invalid priority {text(value)}")


def _check_backoff(value: Any) -> None:
    if is_number(value):
        check_backoff_number(value)
    else:
        _check_backoff_object(value)


def _check_backoff_object(value: Any) -> None:
    check_backoff_object(value)
    kind, delay, jitter = member(value, "type"), value.get("delay"), value.get("jitter")
    if not isinstance(kind, str):
        raise InvalidInput(f"Invalid backoff type {text(kind)}")
    if delay is not None and not is_number(delay):
        raise InvalidInput(f"Invalid backoff delay {text(delay)}, must be a number")
    if is_number(delay):
        check_backoff_number(delay)
    if jitter is not None and not (is_number(jitter) and 0 <= jitter <= 1):
        raise InvalidInput("Jitter should be between 0 and 1")


def _check_deduplication(value: Any) -> None:
    check_deduplication_id(value)
    ttl = value.get("ttl")
    if ttl is not None and not is_number(ttl):
        raise InvalidInput(f"Invalid deduplication.ttl {text(ttl)}, must be a number")


def _check_repeat(value: Any) -> None:
    """What kind of recurrence it is, and whether it can be read, is for the recurrence to say."""
    if not isinstance(value, dict):
        raise InvalidInput(f"Invalid repeat {text(value)}, must be an object")


def _check_parent(value: Any) -> None:
    for name in ("id", "queue"):
        given = member(value, name)
        if not given or not isinstance(given, str):
            raise InvalidInput(f"Invalid parent.{name} {text(given)}, must be a string")


def _whole(name: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not is_whole(value, 0):
            raise InvalidInput(f"Invalid {name} {text(value)}")

    return check


_CHECKS: dict[str, Callable[[Any], None]] = {
    "delay": _check_delay,
    "priority": _check_priority,
    "attempts": check_attempts,
    "backoff": _check_backoff,
    "jobId": check_job_id,
    "deduplication": _check_deduplication,
    "group": check_group,
    "repeat": _check_repeat,
    "parent": _check_parent,
    "telemetry": check_telemetry,
    "timestamp": _whole("timestamp"),
    "keepLogs": _whole("keepLogs"),
    "stackTraceLimit": _whole("stackTraceLimit"),
    "sizeLimit": _whole("sizeLimit"),
}
