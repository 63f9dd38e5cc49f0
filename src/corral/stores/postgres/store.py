"""The Postgres engine, assembled."""

import time
from collections.abc import Callable

from corral.stores.postgres.database import Database, Pool
from corral.stores.postgres.journals import PostgresJournals
from corral.stores.postgres.limits import DEFAULT_LIMITS, PostgresLimits
from corral.stores.postgres.listener import Listener, ListenerState
from corral.stores.postgres.names import Names
from corral.stores.postgres.records import PostgresRecords
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.windows import PostgresWindows


class PostgresStore:
    """Fulfils `store.Store`. `listen_dsn` leads past a pooler in transaction mode, which cannot listen."""

    def __init__(
        self,
        dsn: str,
        schema: Schema,
        *,
        prefix: str = "bull",
        pool: "Pool | None" = None,
        listen_dsn: str | None = None,
        limits: PostgresLimits = DEFAULT_LIMITS,
        prepared: bool = True,
        metrics_points: int = 1440,
        on_state: Callable[[ListenerState, str], None] = lambda state, detail: None,
    ) -> None:
        self.prefix = prefix
        self.names = Names(prefix)
        self.database = Database(schema, dsn=dsn, pool=pool, limits=limits, prepared=prepared)
        self.journals = PostgresJournals(self.database)
        self.records = PostgresRecords(self.database)
        self.windows = PostgresWindows(self.database)
        self.listener = Listener(listen_dsn or dsn, limits=limits, on_state=on_state)

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
        await self.listener.close()
        await self.database.close()
