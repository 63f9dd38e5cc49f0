"""The services of one application, made of those of the server."""

from typing import Any, cast

import msgspec

from corral.operations.scoped.by_queue import ByQueue
from corral.operations.scoped.job_index import ScopedJobIndex
from corral.operations.scoped.parts import (
    ScopedChildren,
    ScopedDirectory,
    ScopedFlows,
    ScopedIdempotency,
    ScopedJobs,
    ScopedPresence,
    ScopedQueues,
    ScopedRegistry,
    ScopedSchedulers,
)
from corral.operations.scoped.scope import Scope
from corral.operations.services import Services
from corral.store.store import Store

_BY_QUEUE = (
    "deduplication", "events", "groups", "job_details", "job_moves", "metrics", "presence", "queue_limits",
    "queue_moves", "search",
)  # fmt: skip
_SPECIAL = {
    "children": ScopedChildren,
    "directory": ScopedDirectory,
    "flows": ScopedFlows,
    "idempotency": ScopedIdempotency,
    "job_index": ScopedJobIndex,
    "jobs": ScopedJobs,
    "queues": ScopedQueues,
    "registry": ScopedRegistry,
    "schedulers": ScopedSchedulers,
}
CLOSED = ("journals", "records", "windows")
"""Parts that only the server itself uses."""


class ScopedStore:
    """Fulfils `store.Store` for what operations ask of it; parts that are not an application's are not there."""

    def __init__(self, store: Store, scope: Scope) -> None:
        self.prefix = store.prefix
        for name in _BY_QUEUE:
            setattr(self, name, ByQueue(getattr(store, name), scope))
        for name, part in _SPECIAL.items():
            setattr(self, name, part(store, scope))


def scoped_services(services: Services, scope: Scope) -> Services:
    """The same operations run on these, and reach nothing of another application."""
    replaced: dict[str, Any] = {
        "store": cast(Store, ScopedStore(services.store, scope)),
        "feeds": ByQueue(services.feeds, scope),
        "lessor": ByQueue(services.lessor, scope),
        "results": ByQueue(services.results, scope),
        "presence": ScopedPresence(services.presence, scope),
        "caller": scope.caller,
        "claim": scope.claim,
        "physical": scope.physical,
    }
    return msgspec.structs.replace(services, **replaced)
