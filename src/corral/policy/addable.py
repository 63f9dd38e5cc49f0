"""What BullMQ refuses as it adds a job, by whichever surface, and what its scripts would fail on."""

from collections.abc import Callable
from typing import Any

from corral.model.errors import BadField, InvalidInput
from corral.model.job import JobOptions
from corral.policy.javascript import is_whole, text
from corral.policy.names import check_custom_id
from corral.policy.retention import is_retention

_HIGHEST_PRIORITY = 2**21 - 1
_EXCLUSIVE = (
    "removeDependencyOnFailure",
    "failParentOnFailure",
    "continueParentOnFailure",
    "ignoreDependencyOnFailure",
)


def check_addable(opts: JobOptions) -> None:
    """For normalised options. Raises InvalidInput, with a pointer where one option is wrong by itself."""
    chosen = [name for name in _EXCLUSIVE if opts.get(name)]
    if len(chosen) > 1:
        raise InvalidInput(f"The following options cannot be used together: {', '.join(chosen)}")
    for name, check in _CHECKS:
        if name in opts:
            try:
                check(opts[name])
            except InvalidInput as error:
                raise BadField.at(f"/{name}", error) from None
    if "deduplication" in opts and "parent" in opts:
        raise InvalidInput("Deduplication and parent options cannot be used together")
    if "group" in opts and "repeat" in opts:
        raise InvalidInput("Group and repeat options cannot be used together")


def _check_priority(value: Any) -> None:
    if value > _HIGHEST_PRIORITY:
        raise InvalidInput(f"Priority should be between 0 and {_HIGHEST_PRIORITY}")


def _check_deduplication(value: dict[str, Any]) -> None:
    if not value.get("id"):
        raise InvalidInput("Deduplication id must be provided")
    ttl = value.get("ttl", 0)
    if not is_whole(ttl, 0):  # it becomes the time to live of a key
        raise InvalidInput(f"Invalid deduplication.ttl {text(ttl)}, must be an integer")


def _check_backoff(value: dict[str, Any]) -> None:
    kind = value.get("type")
    if kind is not None and not isinstance(kind, str):
        raise InvalidInput(f"Invalid backoff type {text(kind)}")
    if kind == "delays" and not _is_delays(value.get("delays")):
        raise InvalidInput(f"Invalid backoff.delays {text(value.get('delays'))}, must be a list of milliseconds")


def _is_delays(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_whole(delay, 0) for delay in value)


def _retention(name: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not is_retention(value):
            raise InvalidInput(f"Invalid {name} {text(value)}")

    return check


_CHECKS: tuple[tuple[str, Callable[[Any], None]], ...] = (
    ("jobId", check_custom_id),
    ("priority", _check_priority),
    ("deduplication", _check_deduplication),
    ("backoff", _check_backoff),
    ("removeOnComplete", _retention("removeOnComplete")),
    ("removeOnFail", _retention("removeOnFail")),
)
