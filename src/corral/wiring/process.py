"""One serving process: the engine, the workers and the HTTP server, put together."""

import asyncio
import contextlib
import os
import socket
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from corral import __version__
from corral.endpoints.fleet import Fleet
from corral.lifecycle.ceiling import under_ceiling
from corral.lifecycle.doorbell import Doorbells
from corral.lifecycle.index_upkeep import IndexUpkeep
from corral.lifecycle.lease import Lessor
from corral.lifecycle.presence import Presence
from corral.lifecycle.results import Results
from corral.lifecycle.watch import Feeds
from corral.model.worker import WorkerInfo
from corral.observe import log
from corral.operations.services import NameLimits, Services
from corral.operations.table import OPERATIONS
from corral.policy.built_in_queues import JobDefaults
from corral.server import status
from corral.server.application import Application
from corral.server.call import Route
from corral.server.docs import routes as docs
from corral.server.http import HttpServer, Limits
from corral.server.proxy import routes
from corral.server.proxy.sockets import Sockets
from corral.server.service import applications
from corral.server.service import table as service
from corral.server.v1 import routes as v1
from corral.server.v1.sockets import EventSockets
from corral.store.store import Store
from corral.wiring.delivering import Delivering
from corral.wiring.engine import engine_of
from corral.wiring.gate import Gate
from corral.wiring.hiring import Hiring
from corral.wiring.measuring import Measuring
from corral.wiring.run import FAREWELL_SECONDS
from corral.wiring.scheduling import Scheduling
from corral.wiring.settings import Settings
from corral.wiring.stopping import Stop
from corral.worker.worker import Worker


def now_ms() -> int:
    """The wall clock, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Process:
    """Starts at once, also while the engine is away: requests then get 503, and `/health` says why."""

    def __init__(self, settings: Settings, sock: socket.socket | None = None) -> None:
        self._settings = settings
        self._sock = sock
        self.engine = engine_of(settings)
        self._dismissed: set[asyncio.Task[None]] = set()
        self._fleet: Fleet | None = None

    async def start(self) -> None:
        """Listen and begin to work. Raises `OSError` when the address is taken, `StoreError` for an unfit engine."""
        settings = self._settings
        store = await self.engine.start()
        try:
            self._gate = Gate(store, now_ms, _job_defaults(settings))
            self.measuring = Measuring(store, self._gate, settings, now_ms, lambda: self._server.connections)
            self.engine.count_added(self.measuring.ledger.submitted)
            working = self._traced(self.measuring.counted(under_ceiling(store, self._gate.ceiling)))
            self._hiring = Hiring(working, settings, now_ms, self.measuring.ledger)
            self.feeds = Feeds(store.events)
            self._results = Results(store, self.feeds)
            bells = Doorbells(store.jobs, now_ms)
            self._lessor = Lessor(working.jobs, bells, now_ms, stalled_ms=settings.stalled_interval)
            self._upkeep = IndexUpkeep(store, now_ms)
            self._delivering = Delivering(store, self._gate, settings, now_ms, self.measuring.ledger)
            self._scheduling = Scheduling(working, self._gate.schedules, settings, now_ms)
            self._presence = Presence(store.presence, str(uuid.uuid4()), self._workers, now_ms)
            self._server = self._make_server(working)
            await self._server.start()
            await self.measuring.listen()
        except BaseException:
            await self.engine.stop()
            raise
        self.measuring.start()
        self._presence.start()
        self._upkeep.start()
        self._gate.start(self._app.sessions.sweep)
        if settings.runs_workers:
            self._fleet = Fleet(store, self._hiring.for_endpoint, log, grace=settings.shutdown_timeout)
            self._fleet.start()
            self._delivering.start()
            self._scheduling.start()

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for."""
        return self._server.port

    @property
    def worker_queues(self) -> list[str]:
        """The queues whose registered endpoints are worked by this process."""
        return self._fleet.queues if self._fleet else []

    @property
    def cached_queues(self) -> int:
        """How many queues are held now, at most `queue_cache_size`."""
        return self.engine.cached_queues

    def end(self) -> None:
        """No worker takes another job from this moment on."""
        if self._fleet is not None:
            self._fleet.end()
        for worker in self._hiring.at_sockets:
            worker.pause()

    async def stop(self, grace: float | None = None) -> None:
        """No new work; running jobs and requests have `grace` seconds; then everything is let go of. What a silent
        engine was still to hear is dropped two seconds later."""
        seconds = self._settings.shutdown_timeout if grace is None else grace
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds + FAREWELL_SECONDS):
                await self._end_work(seconds)
        self._hiring.close()
        await self.engine.stop()

    async def _end_work(self, grace: float) -> None:
        deadline = asyncio.get_running_loop().time() + grace
        self.end()
        stopping = [self._fleet.stop(grace)] if self._fleet else []
        stopping += [self._delivering.stop(grace), self._scheduling.stop(grace)]
        stopping += [self._results.close(), self._server.stop(grace)]
        await asyncio.gather(*stopping)
        if self._dismissed:
            await asyncio.wait(self._dismissed, timeout=max(0, deadline - asyncio.get_running_loop().time()))
        parts = (self._gate, self._presence, self._upkeep, self._lessor, self.measuring, self.feeds)
        await asyncio.gather(*(part.close() for part in parts))  # each gives a silent engine a moment to hear its last

    def _make_server(self, store: Store) -> HttpServer:
        settings = self._settings
        names = NameLimits(min=settings.min_queue_name_length, max=settings.max_queue_name_length)
        services = Services(
            store=store,
            feeds=self.feeds,
            clock=now_ms,
            lessor=self._lessor,
            results=self._results,
            presence=self._presence,
            accounts=self._gate.accounts,
            usage=self._gate.usage,
            audit=self._gate.audit,
            ceiling=self._gate.ceiling,
            deliveries=self._delivering.deliveries,
            schedules=self._gate.schedules,
            schedule_calls=self._scheduling.calls,
            names=names,
            version=__version__,
        )
        authority = self._gate.authority(services, settings)
        sockets = Sockets(
            self._hiring.for_socket, self._dismiss, authority.socket_credential, timeout=settings.worker_timeout
        )
        openers = (sockets, EventSockets(OPERATIONS))
        rows = [*status.ROUTES, *docs.ROUTES, *routes.ROUTES, *applications.ROUTES, *v1.ROUTES]
        rows += service.routes(_job_defaults(settings), schedules_open=settings.schedules_open)
        door = self._gate.door(authority, settings)
        rows = self._continued(self.measuring.routes(services, rows))
        self._app = Application(services, rows, openers, authority, door, settings.rate_limit_everywhere)
        limits = Limits(body=settings.body_limit, compression=settings.compression)
        return HttpServer(
            self._app,
            host=settings.bind_host,
            port=settings.port,
            sock=self._sock,
            limits=limits,
            on_error=_broken,
        )

    def _traced(self, store: Store) -> Store:
        if not self._settings.traces:
            return store
        from corral.wiring.tracing import traced  # others can do without OpenTelemetry

        return traced(store)

    def _continued(self, rows: list[Route]) -> list[Route]:
        if not self._settings.traces:
            return rows
        from corral.wiring.tracing import traced_routes

        return traced_routes(rows)

    def _workers(self) -> list[WorkerInfo]:
        """Every worker of this process."""
        process = f"{socket.gethostname()}:{os.getpid()}"
        fleet = self._fleet.workers(process) if self._fleet else []
        return [*fleet, *(worker.info(process) for worker in self._hiring.at_sockets)]

    def _dismiss(self, worker: Worker) -> asyncio.Task[None]:
        """A WebSocket worker whose client goes ends in the background."""
        self._hiring.at_sockets.discard(worker)
        task = asyncio.get_running_loop().create_task(worker.stop(self._settings.shutdown_timeout))
        self._dismissed.add(task)
        task.add_done_callback(self._dismissed.discard)
        return task


async def serve(
    settings: Settings,
    *,
    stop: Stop,
    on_ready: Callable[[int], None] | None = None,
    sock: socket.socket | None = None,
) -> None:
    """Serve until `stop` is set, then stop gracefully. `on_ready` is told the port. Raises as `Process.start` does,
    also later, when an engine that was away turns out not to be fit."""
    process = Process(settings, sock)
    await process.start()
    stop.at_once(process.end)
    url = f"http://{settings.host}:{process.port}"
    log.listening(url, process.port, version=__version__, year=datetime.now(UTC).year)
    if on_ready is not None:
        on_ready(process.port)
    stopping = asyncio.create_task(stop.wait())
    breaking = asyncio.create_task(process.engine.broken())
    try:
        await asyncio.wait([stopping, breaking], return_when=asyncio.FIRST_COMPLETED)
        if breaking.done():
            breaking.result()
    finally:
        stopping.cancel()
        breaking.cancel()
        await process.stop()


def _job_defaults(settings: Settings) -> JobDefaults:
    return JobDefaults(
        attempts=settings.default_job_attempts,
        backoff_ms=settings.default_job_backoff_delay,
        completed_age=settings.remove_completed_jobs_after,
        failed_age=settings.remove_failed_jobs_after,
        lock_ms=settings.outside_lock,
    )


def _broken(request: object, error: BaseException) -> None:
    log.unexpected(repr(request), error)
