"""A part of the store, or of the services, every method of which says by `queue` which queue it is about."""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from corral.model.flow import FlowNode
from corral.model.job import ClaimedJob, Job
from corral.operations.scoped.scope import Scope
from corral.store.jobs import Claim
from corral.store.search import FoundJobs

_READING = frozenset({
    "between", "concurrency", "count", "counts", "counts_per_priority", "delayed_before", "event_readers", "exists",
    "get", "holder", "ignored_failures", "in_states", "is_maxed", "is_paused", "lock_token", "logs", "many",
    "oldest_id", "page", "rate_limit", "read", "result", "since", "state", "throttled_for", "values", "version",
    "wait", "workers",
})  # fmt: skip
"""These do not make a name the application's own: whoever only looks finds nothing."""


class ByQueue:
    """Calls the inner part with the engine's name of the queue. A method that does not name a queue is not there."""

    def __init__(self, inner: object, scope: Scope) -> None:
        self._inner = inner
        self._scope = scope

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        parameters = list(inspect.signature(method).parameters)
        if name.startswith("_") or "queue" not in parameters:
            raise AttributeError(f"{type(self._inner).__name__}.{name} is not for applications")
        scoped = self._scoped(method, parameters.index("queue"), name)
        setattr(self, name, scoped)
        return scoped

    def _scoped(self, method: Callable[..., Any], place: int, name: str) -> Callable[..., Any]:
        physical, scope = self._scope.physical, self._scope
        engine_name = scope.find if name in _READING else scope.claim

        def put(args: tuple[Any, ...], given: dict[str, Any], queue: str) -> Any:
            if "queue" in given:
                return method(*args, **{**given, "queue": queue})
            return method(*args[:place], queue, *args[place + 1 :], **given)

        def named(args: tuple[Any, ...], given: dict[str, Any]) -> str:
            return str(given["queue"] if "queue" in given else args[place])

        async def awaiting(*args: Any, **given: Any) -> Any:
            return shown(await put(args, given, await engine_name(named(args, given))), scope)

        def at_once(*args: Any, **given: Any) -> Any:
            return put(args, given, physical(named(args, given)))

        return awaiting if _is_async(method) else at_once


def shown(found: Any, scope: Scope) -> Any:
    """What the engine answered, with the application's names in the jobs."""
    match found:
        case Job():
            return scope.shown(found)
        case ClaimedJob():
            return msgspec.structs.replace(found, job=scope.shown(found.job))
        case FlowNode():
            children = [scope.outward(child) for child in found.children]
            return msgspec.structs.replace(found, job=scope.shown(found.job), children=children)
        case FoundJobs() | Claim():
            return msgspec.structs.replace(found, jobs=[shown(one, scope) for one in found.jobs])
        case list():
            return [shown(one, scope) for one in found]
        case tuple():
            return tuple(shown(one, scope) for one in found)
        case _:
            return found


def _is_async(method: Callable[..., Any]) -> bool:
    """Also where a plain function hands on what another one awaits."""
    return inspect.iscoroutinefunction(method) or "Awaitable" in str(inspect.signature(method).return_annotation)
