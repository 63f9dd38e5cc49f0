"""The workers of registered endpoints: what runs here follows what is stored."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Protocol

import msgspec

from corral.model.endpoint import Endpoint
from corral.model.errors import StoreError, StoreUnavailable
from corral.model.worker import WorkerInfo
from corral.policy.worker_bodies import decode_record
from corral.store.store import Store

_BLOCK = 5.0  # seconds one look at the changes waits
_RETRY = 0.5
_FULL_LOOK = 6  # quiet looks after which all records are compared, in case a change was not announced


class Worker(Protocol):
    """What the fleet hires: `worker.Worker` with an endpoint's caller for a runner."""

    def start(self) -> None: ...
    async def stop(self, grace: float) -> None: ...
    def pause(self, paused: bool = True) -> None: ...
    def info(self, process: str) -> WorkerInfo: ...


class FleetListener(Protocol):
    """Whoever writes the log."""

    def worker_started(self, queue: str, url: str) -> None: ...
    def worker_stopped(self, queue: str) -> None: ...
    def bad_record(self, queue: str, why: Exception) -> None: ...


class _Running(msgspec.Struct, frozen=True):
    digest: bytes
    url: str
    worker: Worker | None
    """None for a record that cannot be read; it is remembered so that it is reported once."""


class Fleet:
    """Starts, replaces and stops one worker per registered queue. Instances converge: each follows the store."""

    def __init__(
        self,
        store: Store,
        hire: Callable[[Endpoint], Worker],
        listener: FleetListener,
        *,
        grace: float,
    ) -> None:
        self._registry = store.registry
        self._presence = store.presence
        self._hire = hire
        self._listener = listener
        self._grace = grace
        self._running: dict[str, _Running] = {}
        self._paused: frozenset[str] = frozenset()
        self._ending = False
        self._leaving: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin following the store; returns at once, also while the engine is away."""
        self._following = asyncio.get_running_loop().create_task(self._follow())

    def end(self) -> None:
        """Claim no more, from this moment on."""
        self._ending = True
        for worker in self._hired:
            worker.pause()

    async def stop(self, grace: float) -> None:
        """Stop every worker, at most `grace` seconds for the running jobs."""
        self.end()
        workers = self._hired
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self._running.clear()
        stopping = [worker.stop(grace) for worker in workers]
        await asyncio.gather(*stopping, *self._leaving, return_exceptions=True)

    def workers(self, process: str) -> list[WorkerInfo]:
        """What each worker is and does now."""
        return [
            msgspec.structs.replace(one.worker.info(process), kind="endpoint", url=one.url)
            for one in self._running.values()
            if one.worker
        ]

    @property
    def queues(self) -> list[str]:
        """The queues whose workers run here."""
        return [queue for queue, one in self._running.items() if one.worker]

    @property
    def _hired(self) -> list[Worker]:
        return [one.worker for one in self._running.values() if one.worker]

    async def _follow(self) -> None:
        cursor: str | None = None
        quiet = 0
        while True:
            try:
                if cursor is None:
                    cursor = await self._registry.cursor()
                    await self._look()
                cursor, changed = await self._registry.changes(cursor, _BLOCK)
                quiet = 0 if changed else quiet + 1
                if changed or quiet >= _FULL_LOOK:
                    quiet = 0
                    await self._look()
            except (StoreUnavailable, StoreError):
                cursor = None  # what changed meanwhile is found by comparing everything
                await asyncio.sleep(_RETRY)

    async def _look(self) -> None:
        """Compare what runs with everything that is stored."""
        records = await self._registry.all()
        self._paused = await self._presence.paused()  # read last: what was paused before it was registered is known
        self._converge(records)
        for queue, one in self._running.items():
            if one.worker:
                one.worker.pause(self._ending or queue in self._paused)

    def _converge(self, records: dict[str, bytes]) -> None:
        for queue in [queue for queue in self._running if queue not in records]:
            self._dismiss(queue, self._running.pop(queue).worker)
        for queue, record in records.items():
            digest = hashlib.sha256(record).digest()
            known = self._running.get(queue)
            if known is None or known.digest != digest:
                worker, url = self._start(queue, record)
                self._running[queue] = _Running(digest=digest, worker=worker, url=url)
                if known is not None:
                    self._dismiss(queue, known.worker)

    def _start(self, queue: str, record: bytes) -> tuple[Worker | None, str]:
        try:
            endpoint = decode_record(record, queue)
            worker = self._hire(endpoint)
        except Exception as error:  # noqa: BLE001 - no record, whoever wrote it, may end the work of all others
            self._listener.bad_record(queue, error)
            return None, ""
        worker.pause(self._ending or queue in self._paused)
        worker.start()
        self._listener.worker_started(queue, endpoint.endpoint.url)
        return worker, endpoint.endpoint.url

    def _dismiss(self, queue: str, worker: Worker | None) -> None:
        """Let the worker's jobs end in the background; what follows need not wait for them."""
        if worker is None:
            return
        leaving = asyncio.get_running_loop().create_task(worker.stop(self._grace))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        self._listener.worker_stopped(queue)
