"""The parts of the store whose methods name several queues, jobs of any queue, or none at all."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from corral.model.errors import CorralError
from corral.model.flow import FlowJob, FlowNode
from corral.model.job import NewJob
from corral.model.queue import QueueInfo
from corral.model.scheduler import NewScheduler
from corral.model.worker import WorkerInfo
from corral.operations.scoped.by_queue import ByQueue, shown
from corral.operations.scoped.scope import Scope
from corral.policy.name_pattern import matcher
from corral.store.children import ChildKind, ChildPage
from corral.store.directory import NameQuery
from corral.store.schedulers import PutScheduler
from corral.store.store import Store

T = TypeVar("T")


class ScopedDirectory(ByQueue):
    """Only the application's queues, by its own names, which are all known here."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.directory, scope)
        self._directory = store.directory

    async def names(self, query: NameQuery, now: int) -> tuple[list[str], str | None]:
        fits = matcher(query.pattern)
        found = [name for name in self._scope.names() if name > query.after and fits(name)]
        page = found[: query.limit]
        return page, page[-1] if len(found) > len(page) else None

    async def describe(self, queues: Sequence[str], now: int) -> list[QueueInfo | None]:
        found = await self._directory.describe([await self._scope.find(queue) for queue in queues], now)
        return [
            None if info is None else msgspec.structs.replace(info, name=queue)
            for queue, info in zip(queues, found, strict=True)
        ]

    async def forget(self, queues: Sequence[str]) -> None:
        await self._directory.forget([self._scope.physical(queue) for queue in queues])


class ScopedJobs(ByQueue):
    """Adding counts against the quota, and a parent is one of the application's jobs."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.jobs, scope)
        self._jobs = store.jobs

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        scope = self._scope
        physical = await scope.claim(queue)
        added = [msgspec.structs.replace(job, opts=await scope.adopted(job.opts)) for job in jobs]
        return await counted(scope, len(jobs), lambda: self._jobs.add(physical, added, now))


class ScopedSchedulers(ByQueue):
    """A scheduler counts as the job that it adds; what it adds later does not count."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.schedulers, scope)
        self._schedulers = store.schedulers

    async def put(self, queue: str, scheduler: NewScheduler, now: int, revision: str | None = None) -> PutScheduler:
        scope = self._scope
        physical = await scope.claim(queue)
        template, first = await scope.adopted(scheduler.template), await scope.adopted(scheduler.first)
        own = msgspec.structs.replace(scheduler, template=template, first=first)
        return await counted(scope, 1, lambda: self._schedulers.put(physical, own, now, revision))


class ScopedFlows(ByQueue):
    """Trees within the application's queues."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.flows, scope)
        self._flows = store.flows

    async def add(self, jobs: Sequence[FlowJob], now: int) -> list[str]:
        added = [await self._inward(job) for job in jobs]
        return await counted(self._scope, len(jobs), lambda: self._flows.add(added, now))

    async def nodes(self, names: Sequence[str], breadth: int) -> list[FlowNode | None]:
        found = await self._flows.nodes([await self._scope.inward(name) for name in names], breadth)
        return [shown(node, self._scope) for node in found]

    async def _inward(self, added: FlowJob) -> FlowJob:
        queue = await self._scope.claim(added.queue)
        job = msgspec.structs.replace(added.job, opts=await self._scope.adopted(added.job.opts))
        return msgspec.structs.replace(added, queue=queue, job=job)


class ScopedChildren(ByQueue):
    """Children by the application's names."""

    def __init__(self, store: Store, scope: Scope) -> None:
        super().__init__(store.children, scope)
        self._children = store.children

    async def values(self, queue: str, job_id: str) -> dict[str, msgspec.Raw]:
        return self._named(await self._children.values(await self._scope.find(queue), job_id))

    async def ignored_failures(self, queue: str, job_id: str) -> dict[str, str]:
        return self._named(await self._children.ignored_failures(await self._scope.find(queue), job_id))

    async def page(
        self, queue: str, job_id: str, kinds: Sequence[ChildKind], cursor: str | None, limit: int
    ) -> ChildPage:
        found = await self._children.page(await self._scope.find(queue), job_id, kinds, cursor, limit)
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
    """Names of requests that no other key can hit: another one may be allowed less."""

    def __init__(self, store: Store, scope: Scope) -> None:
        self._kept = store.idempotency
        self._lead = f"{scope.application}:{scope.caller.key}:"

    async def begin(self, name: str, record: bytes, hold_ms: int) -> bytes | None:
        return await self._kept.begin(self._lead + name, record, hold_ms)

    async def get(self, name: str) -> bytes | None:
        return await self._kept.get(self._lead + name)

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


async def counted(scope: Scope, jobs: int, add: Callable[[], Awaitable[T]]) -> T:
    """Add what the application may still add in this hour. Raises `TooManyRequests`."""
    await scope.quota.count(scope.application, jobs)
    try:
        return await add()
    except CorralError:
        await scope.quota.give_back(scope.application, jobs)
        raise
