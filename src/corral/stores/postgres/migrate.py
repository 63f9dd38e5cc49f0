"""Bringing the two schemas up to date: BullMQ's migrations as they are, in BullMQ's own ledger, then corral's."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec

from corral.model.errors import StoreError
from corral.stores.postgres.database import Session
from corral.stores.postgres.schema import Schema

MINIMUM_SERVER = 13
_HERE = Path(__file__).parent
_BULLMQ_LOCK = 0x42554C4C  # BullMQ's own key, so that its programs and corral never migrate at once
_CLIENT = 6  # the major version of BullMQ whose migrations these are


class Migration(msgspec.Struct, frozen=True):
    """One numbered file, its names not yet put in."""

    owner: Literal["bullmq", "own"]
    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def sql(self, schema: Schema) -> str:
        """What it runs, complete with its note in the ledger, inside one transaction."""
        if self.owner == "bullmq":
            body = f"SET LOCAL search_path TO {schema.bullmq};\n{self.text}"
            note = (
                f"INSERT INTO {schema.bullmq}.migration (version, name, min_client_version) "
                f"VALUES ({self.version}, '{self.name}', {_CLIENT})"
            )
        else:
            body = f"SET LOCAL search_path TO {schema.bullmq};\n{schema.fill(self.text)}"
            note = (
                f"INSERT INTO {schema.own}.migration (version, name, checksum) "
                f"VALUES ({self.version}, '{self.name}', '{self.checksum}')"
            )
        return f"-- {self.owner}: {self.name}\n{body.rstrip()}\n{note};\n"


def preamble(schema: Schema) -> str:
    """What makes the schemas and the ledgers, harmless when they are there."""
    return f"""CREATE SCHEMA IF NOT EXISTS {schema.bullmq};
CREATE SCHEMA IF NOT EXISTS {schema.own};
CREATE TABLE IF NOT EXISTS {schema.bullmq}.migration (
  version integer PRIMARY KEY, name text NOT NULL,
  min_client_version integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS {schema.own}.migration (
  version integer PRIMARY KEY, name text NOT NULL,
  checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
);
"""


async def missing(session: Session, schema: Schema) -> list[Migration]:
    """What `migrate` would run. Raises StoreError for a server too old, or a schema newer than this corral."""
    if session.get_server_version().major < MINIMUM_SERVER:
        raise StoreError(f"Postgres {session.get_server_version().major} is too old: corral needs {MINIMUM_SERVER}.")
    done = await _ledger(session, f"{schema.bullmq}.migration", "min_client_version")
    if any(row["more"] > _CLIENT for row in done):
        raise StoreError(f"The schema {schema.name} was made by a newer BullMQ than this corral knows.")
    own = {row["version"]: row["more"] for row in await _ledger(session, f"{schema.own}.migration", "checksum")}
    if own and max(own) > max(migration.version for migration in everything() if migration.owner == "own"):
        raise StoreError(f"The schema {schema.name}_corral was made by a newer corral than this one.")
    for migration in everything():
        if migration.owner == "own" and own.get(migration.version, migration.checksum) != migration.checksum:
            raise StoreError(f"Migration {migration.version:04d} of corral is not the one that was applied.")
    latest = max((row["version"] for row in done), default=0)
    return [
        migration
        for migration in everything()
        if (migration.version > latest if migration.owner == "bullmq" else migration.version not in own)
    ]


async def migrate(session: Session, schema: Schema) -> Sequence[Migration]:
    """Run what is missing, all or nothing; whoever comes at the same time waits and then finds nothing to do."""
    async with session.transaction():
        await session.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _BULLMQ_LOCK, schema.name)
        pending = await missing(session, schema)
        if pending:
            await session.execute(preamble(schema))
        for migration in pending:
            await session.execute(migration.sql(schema))
    return pending


async def _ledger(session: Session, table: str, more: str) -> list[asyncpg.Record]:
    if await session.fetchval("SELECT to_regclass($1)", table) is None:
        return []
    return await session.fetch(f"SELECT version, {more} AS more FROM {table}")


@cache
def everything() -> tuple[Migration, ...]:
    """All that there is, in its order."""
    return (*_files("bullmq", _HERE / "bullmq" / "migrations"), *_files("own", _HERE / "migrations"))


def _files(owner: Literal["bullmq", "own"], folder: Path) -> list[Migration]:
    paths = sorted(folder.glob("*.sql"))
    return [Migration(owner, int(path.stem.partition("_")[0]), path.stem, path.read_text()) for path in paths]
