"""What a child job stores of its parent."""

from typing import Any

from corral.model.job import JobOptions

_FLAGS = {
    "fpof": "failParentOnFailure",
    "rdof": "removeDependencyOnFailure",
    "idof": "ignoreDependencyOnFailure",
    "cpof": "continueParentOnFailure",
}


def parent_key(opts: JobOptions) -> str | None:
    """The parent's name, `prefix:queue:id`."""
    parent = opts.get("parent")
    return f"{parent['queue']}:{parent['id']}" if parent else None


def parent_link(opts: JobOptions) -> dict[str, Any] | None:
    """The `parent` field: who it is, and what a failure of the child means to it."""
    parent = opts.get("parent")
    if not parent:
        return None
    switched = {short: True for short, long in _FLAGS.items() if opts.get(long)}
    return {"id": parent["id"], "queueKey": parent["queue"], **switched}
