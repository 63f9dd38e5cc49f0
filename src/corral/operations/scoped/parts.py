"""The parts of the store whose methods name several queues, jobs of any queue, or none at all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from corral.model.flow import FlowJob, FlowNode
from corral.model.queue import QueueInfo
from corral.model.worker import WorkerInfo
from corral.operations.scoped.by_queue import ByQueue
from corral.operations.scoped.scope import Scope
from corral.policy.name_pattern import matcher
from corral.store.children import ChildKind, ChildPage
from corral.store.directory import NameQuery
from corral.store.store import Store

_LOOK = 500  # names of the engine that one page of an application's names looks at


class ScopedDirectory(ByQueue):
    """Only the application's queues, by its own names."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.directory, scope)
        self._directory = store.directory

    async def names(self, query: NameQuery, now: int) -> tuple[list[str], str | None]:
        """A page may be short; the place to go on from is a name of the engine."""
        fits = matcher(query.pattern)
        names, end = await self._directory.names(NameQuery(limit=_LOOK, after=query.after), now)
        found: list[str] = []
        for at, physical in enumerate(names):
            name = self._scope.logical(physical)
            if name is not None and fits(name):
                found.append(name)
                if len(found) == query.limit and at + 1 < len(names):
                    return found, physical
        return found, end

    async def describe(self, queues: Sequence[str], now: int) -> list[QueueInfo | None]:
        found = await self._directory.describe([self._scope.physical(queue) for queue in queues], now)
        return [
            None if info is None else msgspec.structs.replace(info, name=queue)
            for queue, info in zip(queues, found, strict=True)
        ]

    async def forget(self, queues: Sequence[str]) -> None:
        await self._directory.forget([self._scope.physical(queue) for queue in queues])


class ScopedFlows(ByQueue):
    """Trees within the application's queues."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.flows, scope)
        self._flows = store.flows

    async def add(self, jobs: Sequence[FlowJob], now: int) -> list[str]:
        return await self._flows.add([await self._inward(job) for job in jobs], now)

    async def nodes(self, names: Sequence[str], breadth: int) -> list[FlowNode | None]:
        found = await self._flows.nodes([self._scope.inward(name) for name in names], breadth)
        return [None if node is None else self._outward(node) for node in found]

    async def _inward(self, added: FlowJob) -> FlowJob:
        queue = await self._scope.claim(added.queue)
        parent = added.job.opts.get("parent")
        if not parent:
            return msgspec.structs.replace(added, queue=queue)
        opts = {**added.job.opts, "parent": {**parent, "queue": self._scope.inward(parent["queue"])}}
        return msgspec.structs.replace(added, queue=queue, job=msgspec.structs.replace(added.job, opts=opts))

    def _outward(self, node: FlowNode) -> FlowNode:
        return msgspec.structs.replace(node, children=[self._scope.outward(child) for child in node.children])


class ScopedChildren(ByQueue):
    """Children by the application's names."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.children, scope)
        self._children = store.children

    async def values(self, queue: str, job_id: str) -> dict[str, msgspec.Raw]:
        return self._named(await self._children.values(self._scope.physical(queue), job_id))

    async def ignored_failures(self, queue: str, job_id: str) -> dict[str, str]:
        return self._named(await self._children.ignored_failures(self._scope.physical(queue), job_id))

    async def page(
        self, queue: str, job_id: str, kinds: Sequence[ChildKind], cursor: str | None, limit: int
    ) -> ChildPage:
        found = await self._children.page(self._scope.physical(queue), job_id, kinds, cursor, limit)
        return ChildPage(
            processed=_given(found.processed, self._named),
            unprocessed=_given(found.unprocessed, self._listed),
            ignored=_given(found.ignored, self._named),
            failed=_given(found.failed, self._listed),
            cursor=found.cursor,
        )

    def _named(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {self._scope.outward(name): value for name, value in found.items()}

    def _listed(self, found: Sequence[str]) -> list[str]:
        return [self._scope.outward(name) for name in found]


class ScopedRegistry(ByQueue):
    """The application's endpoints."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.registry, scope)
        self._registry = store.registry

    async def all(self) -> dict[str, bytes]:
        named = {self._scope.logical(queue): record for queue, record in (await self._registry.all()).items()}
        return {queue: record for queue, record in named.items() if queue is not None}


class ScopedQueues(ByQueue):
    """The application's queues, and who waits for their jobs."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.queues, scope)
        self._queues = store.queues

    async def all_workers(self) -> list[dict[str, str]]:
        named = [(self._scope.logical(client["name"]), client) for client in await self._queues.all_workers()]
        return [{**client, "name": name} for name, client in named if name is not None]


class ScopedIdempotency:
    """Names of requests that no other application can hit."""

    def __init__(self, store: Store, scope: Scope) -> None:
        self._kept = store.idempotency
        self._lead = f"{scope.application}:"

    async def begin(self, name: str, record: bytes, hold_ms: int) -> bytes | None:
        return await self._kept.begin(self._lead + name, record, hold_ms)

    async def keep(self, name: str, record: bytes, keep_ms: int) -> None:
        await self._kept.keep(self._lead + name, record, keep_ms)

    async def forget(self, name: str) -> None:
        await self._kept.forget(self._lead + name)


class ScopedPresence:
    """The workers of the application's queues."""

    def __init__(self, inner: Any, scope: Scope) -> None:
        self._inner = inner
        self._scope = scope

    async def workers(self) -> list[WorkerInfo]:
        found = [(self._scope.logical(worker.queue), worker) for worker in await self._inner.workers()]
        return [msgspec.structs.replace(worker, queue=name) for name, worker in found if name is not None]


def _given(found: Any, named: Callable[[Any], Any]) -> Any:
    return found if found is msgspec.UNSET else named(found)
