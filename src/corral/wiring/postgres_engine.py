"""Postgres as the engine of this process, once its schema is known to be up to date."""

import asyncio
from collections.abc import Callable, Sequence

from corral.model.errors import StoreError
from corral.observe import log
from corral.stores.postgres.address import dsn_of, shown
from corral.stores.postgres.database import Session
from corral.stores.postgres.limits import PostgresLimits
from corral.stores.postgres.listener import ListenerState
from corral.stores.postgres.migrate import Migration, migrate, missing
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresOptions, PostgresStore
from corral.wiring.settings import Settings

_NAME = "Postgres"
_FIRST_WORD = 3.0  # seconds in which a server that is there has said whether it is fit


class PostgresEngine:
    """Fulfils `engine.Engine`. Each new connection looks at the schema, and with `migrate` brings it up to date."""

    cached_queues = 0

    def __init__(self, settings: Settings) -> None:
        url = settings.database_url or ""
        self._settings = settings
        self._schema = Schema.named(settings.schema)
        self._where = shown(url)
        self._heard_of = asyncio.Event()
        self._unfit = asyncio.Event()
        self._why: StoreError | None = None
        self.store = PostgresStore(
            dsn_of(url), self._schema, _options(settings), on_connect=self._prepare, on_state=self._heard
        )

    async def start(self) -> PostgresStore:
        """Look at the schema first if the server is there."""
        await self.store.start()
        try:
            await asyncio.wait_for(self._heard_of.wait(), _FIRST_WORD)
        except TimeoutError:
            log.engine_waiting(_NAME, self._where, "no answer")
        if self._why is not None:
            await self.stop()
            raise self._why
        return self.store

    async def broken(self) -> None:
        await self._unfit.wait()
        if self._why is not None:
            raise self._why

    def count_added(self, told: Callable[[str, int], None]) -> None:
        self.store.jobs.adder.on_added = told

    async def settled(self) -> None:
        """Nothing is looked at behind anybody's back."""

    async def stop(self) -> None:
        await self.store.close()

    async def _prepare(self, session: Session) -> None:
        try:
            if self._settings.migrate:
                _report(await migrate(session, self._schema))
            elif pending := await missing(session, self._schema):
                raise StoreError(_explain(pending, self._schema))
        except StoreError as why:
            self._why = why
            self._unfit.set()
            raise

    def _heard(self, state: ListenerState, detail: str) -> None:
        self._heard_of.set()
        match state:
            case "ready":
                log.engine_connected(_NAME, self._where)
            case "lost":
                log.engine_lost(_NAME, self._where, detail)
            case "failed":
                log.engine_waiting(_NAME, self._where, detail)
            case "closed":
                pass


def _options(settings: Settings) -> PostgresOptions:
    return PostgresOptions(
        prefix=settings.queue_prefix,
        listen_dsn=dsn_of(settings.listen_url) if settings.listen_url else None,
        prepared=settings.prepared_statements,
        limits=PostgresLimits(connections=settings.pool_size),
        metrics_points=settings.metrics_points,
        registry=settings.worker_metadata_key,
        changes_kept=settings.max_len_worker_metadata_stream,
    )


def _report(done: Sequence[Migration]) -> None:
    for migration in done:
        log.migrated(migration.name)


def _explain(pending: Sequence[Migration], schema: Schema) -> str:
    names = ", ".join(migration.name for migration in pending)
    return (
        f"the schema {schema.name} is not up to date: {names} missing. Run `corral migrate` with the same settings "
        "(--dry-run shows what it would do), or start with --migrate."
    )
