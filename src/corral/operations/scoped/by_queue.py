"""A part of the store, or of the services, every method of which says by `queue` which queue it is about."""

import inspect
from collections.abc import Callable
from typing import Any

from corral.operations.scoped.scope import Scope

_READING = frozenset({
    "between", "concurrency", "count", "counts", "counts_per_priority", "delayed_before", "event_readers", "exists",
    "get", "holder", "ignored_failures", "in_states", "is_maxed", "is_paused", "lock_token", "logs", "many",
    "oldest_id", "page", "rate_limit", "read", "result", "since", "state", "throttled_for", "values", "version",
    "workers",
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
        if "queue" not in parameters:
            raise AttributeError(f"{type(self._inner).__name__}.{name} is not for applications")
        scoped = self._scoped(method, parameters.index("queue"), name)
        setattr(self, name, scoped)
        return scoped

    def _scoped(self, method: Callable[..., Any], place: int, name: str) -> Callable[..., Any]:
        physical, claim = self._scope.physical, self._scope.claim

        def put(args: tuple[Any, ...], given: dict[str, Any], queue: str) -> Any:
            if "queue" in given:
                return method(*args, **{**given, "queue": queue})
            return method(*args[:place], queue, *args[place + 1 :], **given)

        def named(args: tuple[Any, ...], given: dict[str, Any]) -> str:
            return str(given["queue"] if "queue" in given else args[place])

        async def claiming(*args: Any, **given: Any) -> Any:
            return await put(args, given, await claim(named(args, given)))

        def mapping(*args: Any, **given: Any) -> Any:
            return put(args, given, physical(named(args, given)))

        return claiming if name not in _READING and _is_async(method) else mapping


def _is_async(method: Callable[..., Any]) -> bool:
    """Also where a plain function hands on what another one awaits."""
    return inspect.iscoroutinefunction(method) or "Awaitable" in str(inspect.signature(method).return_annotation)
