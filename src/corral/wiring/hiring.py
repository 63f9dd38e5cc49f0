"""How this process makes its workers: who owns their locks, and how long those last."""

import time
import uuid
from collections.abc import Callable

import msgspec

from corral.endpoints.batch import BatchCaller
from corral.endpoints.call import EndpointCaller
from corral.endpoints.http import HttpPool
from corral.lifecycle.intake import Clock
from corral.lifecycle.ledger import Ledger, page_of
from corral.model.endpoint import Endpoint
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Outcome
from corral.observe import log
from corral.policy.measures import ENDPOINT
from corral.policy.targets import may_call
from corral.store.store import Store
from corral.wiring.settings import Settings
from corral.worker.run import Runner
from corral.worker.worker import Worker, WorkerSettings

_MOST_STALLED = 1_000_000  # what the server itself has to do is never given up because servers were killed


def house_worker(store: Store, queue: str, call: Runner, concurrency: int, settings: Settings, clock: Clock) -> Worker:
    """One of a queue that the server itself works."""
    terms = WorkerSettings(
        owner=str(uuid.uuid4()),
        concurrency=concurrency,
        max_stalled=_MOST_STALLED,
        lock_ms=settings.lock_duration,
        stalled_ms=settings.stalled_interval,
    )
    return Worker(store, queue, call, terms, clock=clock, listener=log)


class Hiring:
    """Makes workers that are not started yet."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, ledger: Ledger) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._pool = HttpPool()
        self._guarded = HttpPool(may=may_call(settings.allowed_targets))
        self._ledger = ledger
        self.at_sockets: set[Worker] = set()
        self._new_id: Callable[[], uuid.UUID] = uuid.uuid4

    def for_endpoint(self, endpoint: Endpoint) -> Worker:
        """A worker whose jobs are run by an HTTP endpoint."""
        opts = endpoint.opts
        limiter = opts.limiter
        settings = WorkerSettings(
            owner=str(self._new_id()),
            concurrency=opts.concurrency,
            limiter=None if limiter is msgspec.UNSET else (limiter.max, limiter.duration),
            remove_on_complete=None if opts.remove_on_complete is msgspec.UNSET else opts.remove_on_complete,
            remove_on_fail=None if opts.remove_on_fail is msgspec.UNSET else opts.remove_on_fail,
            max_stalled=opts.max_stalled_count,
            lock_ms=self._settings.lock_duration,
            stalled_ms=self._settings.stalled_interval,
        )
        return self._worker(endpoint.queue, self._timed(endpoint.queue, self._caller(endpoint)), settings)

    def for_socket(self, queue: str, concurrency: int, call: Runner) -> Worker:
        """A worker whose jobs are run by a WebSocket client; it stays in `at_sockets` until it is discarded there."""
        settings = WorkerSettings(
            owner=str(self._new_id()),
            concurrency=concurrency,
            lock_ms=self._settings.lock_duration,
            stalled_ms=self._settings.stalled_interval,
        )
        worker = self._worker(queue, call, settings)
        self.at_sockets.add(worker)
        return worker

    def close(self) -> None:
        """Calls that are under way fail, and the next ones as well."""
        self._pool.close()
        self._guarded.close()

    def _caller(self, endpoint: Endpoint) -> Runner:
        batch, pool = endpoint.opts.batch, self._guarded if endpoint.guarded else self._pool
        if batch is msgspec.UNSET:
            return EndpointCaller(endpoint, pool)
        return BatchCaller(endpoint, batch, pool)

    def _timed(self, queue: str, call: Runner) -> Runner:
        ledger, page, now = self._ledger, page_of(queue), time.perf_counter

        async def timed(claimed: ClaimedJob) -> Outcome:
            begun = now()
            outcome = await call(claimed)
            status = "completed" if isinstance(outcome, Completed) else "failed"
            ledger.histogram(page, ENDPOINT, status).saw(now() - begun)
            return outcome

        if not self._settings.traces:
            return timed
        from corral.wiring.tracing import traced_runner  # others can do without OpenTelemetry

        return traced_runner(queue, timed)

    def _worker(self, queue: str, call: Runner, settings: WorkerSettings) -> Worker:
        self._store.directory.saw(queue)
        return Worker(self._store, queue, call, settings, clock=self._clock, listener=log)
