"""Migrations asked for by a person, outside of any server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from corral.stores.postgres.address import dsn_of
from corral.stores.postgres.database import Session
from corral.stores.postgres.failures import TROUBLE, failure
from corral.stores.postgres.migrate import migrate, missing, preamble
from corral.stores.postgres.schema import Schema
from corral.wiring.settings import Settings

NOTHING = "Nothing to do: the schema is up to date."
_CONNECT_SECONDS = 10.0
_STATEMENT_SECONDS = 300.0


async def migrate_now(settings: Settings) -> list[str]:
    """The names of the migrations that were run. Raises `StoreError` or `StoreUnavailable`."""
    async with _session(settings) as session:
        return [migration.name for migration in await migrate(session, Schema.named(settings.schema))]


async def plan(settings: Settings) -> str:
    """What `migrate_now` would run, as SQL for `psql`; a comment alone when there is nothing."""
    schema = Schema.named(settings.schema)
    async with _session(settings) as session:
        pending = await missing(session, schema)
    if not pending:
        return f"-- {NOTHING}\n"
    return "\n".join(["BEGIN;", preamble(schema), *(migration.sql(schema) for migration in pending), "COMMIT;\n"])


@asynccontextmanager
async def _session(settings: Settings) -> AsyncIterator[Session]:
    """Not through a pooler, if another way is known."""
    url = dsn_of(settings.listen_url or settings.database_url or "")
    try:
        session = await asyncio.wait_for(asyncpg.connect(url, command_timeout=_STATEMENT_SECONDS), _CONNECT_SECONDS)
        try:
            yield session
        finally:
            await session.close(timeout=_CONNECT_SECONDS)
    except TROUBLE as error:
        raise failure(error) from error
