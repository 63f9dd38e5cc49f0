"""The Postgres engine, assembled."""

import time
from collections.abc import Awaitable, Callable

import msgspec

from corral.stores.postgres.add_on import OutsideAdder
from corral.stores.postgres.children import PostgresChildren
from corral.stores.postgres.database import Database, Pool, Session
from corral.stores.postgres.deduplication import PostgresDeduplication
from corral.stores.postgres.directory import PostgresDirectory
from corral.stores.postgres.events import PostgresEvents
from corral.stores.postgres.finished_counts import FinishedCounts
from corral.stores.postgres.flows import PostgresFlows
from corral.stores.postgres.groups import PostgresGroups
from corral.stores.postgres.idempotency import PostgresIdempotency
from corral.stores.postgres.job_details import PostgresJobDetails
from corral.stores.postgres.job_index import PostgresJobIndex
from corral.stores.postgres.job_moves import PostgresJobMoves
from corral.stores.postgres.jobs import PostgresJobs
from corral.stores.postgres.journals import PostgresJournals
from corral.stores.postgres.limits import DEFAULT_LIMITS, PostgresLimits
from corral.stores.postgres.listener import Listener, ListenerState
from corral.stores.postgres.metrics import PostgresMetrics
from corral.stores.postgres.names import Names
from corral.stores.postgres.presence import PostgresPresence
from corral.stores.postgres.queue_limits import PostgresQueueLimits
from corral.stores.postgres.queue_moves import PostgresQueueMoves
from corral.stores.postgres.queues import PostgresQueues
from corral.stores.postgres.records import PostgresRecords
from corral.stores.postgres.registry import PostgresRegistry
from corral.stores.postgres.schedulers import PostgresSchedulers
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.search import PostgresSearch
from corral.stores.postgres.waiting import Waiting
from corral.stores.postgres.windows import PostgresWindows


class PostgresOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What else there is to say of the engine. Without `prepared` no statement is prepared by name, and `listen_dsn`
    leads past a pooler in transaction mode, which cannot listen."""

    prefix: str = "bull"
    listen_dsn: str | None = None
    prepared: bool = True
    limits: PostgresLimits = DEFAULT_LIMITS
    metrics_points: int = 1440
    registry: str = "endpoints"
    """Names the set of registered endpoints; `changes_kept` bounds what is remembered of changes to it."""
    changes_kept: int = 100


_USUAL = PostgresOptions()


class PostgresStore:
    """Fulfils `store.Store`. `pool` is one of the caller's and stays open; `dsn` is needed beside it to listen."""

    def __init__(
        self,
        dsn: str,
        schema: Schema,
        options: PostgresOptions = _USUAL,
        *,
        pool: "Pool | None" = None,
        on_connect: Callable[[Session], Awaitable[None]] | None = None,
        on_state: Callable[[ListenerState, str], None] = lambda state, detail: None,
    ) -> None:
        limits = options.limits
        self.prefix = options.prefix
        self.names = Names(options.prefix)
        self.database = Database(schema, dsn=dsn, pool=pool, limits=limits, prepared=options.prepared)
        self.listener = Listener(options.listen_dsn or dsn, limits=limits, on_connect=on_connect, on_state=on_state)
        self.finished = FinishedCounts(self.database)
        self.directory = PostgresDirectory(self.database, self.finished)
        self.waiting = Waiting(self.database)
        self.jobs = PostgresJobs(
            self.database, self.names, self.listener, self.waiting, self.directory.saw, options.metrics_points
        )
        self.add_on = OutsideAdder(self.database, self.names).add
        self.job_details = PostgresJobDetails(self.database, self.names)
        self.job_moves = PostgresJobMoves(self.database, self.names)
        self.job_index = PostgresJobIndex(self.database)
        self.groups = PostgresGroups(self.database)
        self.search = PostgresSearch(self.database, self.names)
        self.children = PostgresChildren(self.database, self.names)
        self.deduplication = PostgresDeduplication(self.database)
        self.flows = PostgresFlows(self.database, self.names, self.directory.saw)
        self.schedulers = PostgresSchedulers(self.database, self.directory.saw)
        self._put_together(options)

    def _put_together(self, options: PostgresOptions) -> None:
        """What is not about single jobs."""
        self.queues = PostgresQueues(self.database, self.waiting, self.finished)
        self.queue_moves = PostgresQueueMoves(self.database, self.directory.settled, self.finished.forget)
        self.queue_limits = PostgresQueueLimits(self.database)
        self.metrics = PostgresMetrics(self.database)
        self.events = PostgresEvents(self.database, self.listener)
        self.registry = PostgresRegistry(self.database, self.listener, options.registry, options.changes_kept)
        self.presence = PostgresPresence(self.database)
        self.idempotency = PostgresIdempotency(self.database)
        self.journals = PostgresJournals(self.database)
        self.records = PostgresRecords(self.database)
        self.windows = PostgresWindows(self.database)

    async def start(self) -> None:
        self.listener.start()

    async def ready(self, timeout: float | None = None) -> None:
        await self.listener.ready(timeout)

    @property
    def is_ready(self) -> bool:
        return self.listener.is_ready

    async def ping(self) -> float:
        begun = time.perf_counter()
        await self.database.rows("ping", repeat=True)
        return time.perf_counter() - begun

    async def close(self) -> None:
        await self.directory.close()
        await self.waiting.close()
        await self.listener.close()
        await self.database.close()
