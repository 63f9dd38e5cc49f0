"""The option `group`: what it may be, and which jobs may have it."""

from typing import Any

from corral.model.errors import InvalidInput
from corral.model.job import JobOptions
from corral.policy.javascript import is_whole, member, text, truthy, unexpected

_KNOWN = frozenset({"id", "limit"})
_LONGEST = 1024  # of an id, in characters
_MOST = 1_000_000_000


def check_group(value: Any) -> None:
    """`{"id": text, "limit": jobs at once}`; the limit may be left out. Raises InvalidInput."""
    if not isinstance(value, dict):
        raise InvalidInput(f"Invalid group {text(value)}, must be an object with an id")
    given, limit = member(value, "id"), value.get("limit")
    if not isinstance(given, str) or not 1 <= len(given) <= _LONGEST:
        raise InvalidInput(f"Invalid group.id {text(given)}, must be a text of 1 to {_LONGEST} characters")
    if limit is not None and not is_whole(limit, 1, _MOST):
        raise InvalidInput(f"Invalid group.limit {text(limit)}, must be a whole number from 1 on")
    field = unexpected(value, _KNOWN)
    if field is not None:
        raise InvalidInput(f"Unexpected field: opts.group.{text(field)}")


def tidy_group(value: Any) -> Any:
    """As it is stored: a limit of 1 is left out; None is none."""
    if not truthy(value):
        return None
    limit = value.get("limit")
    return {"id": value["id"]} if limit is None or limit == 1 else {"id": value["id"], "limit": int(limit)}


def group_of(opts: JobOptions) -> tuple[str, int] | None:
    """The job's group and how many of it may run at once, as stored by any program; None: it has none."""
    wish = opts.get("group")
    if not isinstance(wish, dict) or not isinstance(wish.get("id"), str) or not wish["id"]:
        return None
    limit = wish.get("limit")
    return wish["id"], limit if isinstance(limit, int) and limit > 1 else 1
