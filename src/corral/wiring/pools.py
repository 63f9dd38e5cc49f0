"""Using a pool of Postgres connections that the program has already: one of asyncpg or of psycopg 3."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import asyncpg

from corral.model.errors import InvalidInput, StoreError
from corral.store.store import Store
from corral.stores.postgres.address import dsn_of
from corral.stores.postgres.migrate import migrate, missing
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresOptions, PostgresStore

if TYPE_CHECKING:
    from corral.stores.postgres.database import Pool, Session
    from corral.wiring.opening import Place


async def open_pool(place: "Place") -> tuple[Store, Callable[[], Awaitable[None]]]:
    """A store on the pool, which stays open when the store is closed. Listening takes a connection of its own.

    Of a psycopg pool only the way to the server is used: statements go through asyncpg connections of our own.
    Raises `InvalidInput` for another kind of pool, `StoreError` for a schema that is not up to date.
    """
    schema = Schema.named(place.schema)
    pool: Pool | None = place.pool if isinstance(place.pool, asyncpg.Pool) else None
    dsn = place.dsn or (_of_asyncpg(pool) if pool is not None else _of_psycopg(place.pool))

    async def prepare(session: "Session") -> None:
        if place.migrate:
            await migrate(session, schema)
        elif pending := await missing(session, schema):
            names = ", ".join(migration.name for migration in pending)
            raise StoreError(f"the schema {schema.name} is not up to date: {names} missing")

    store = PostgresStore(dsn_of(dsn), schema, PostgresOptions(prefix=place.prefix), pool=pool, on_connect=prepare)
    await store.start()
    return store, store.close


def _of_asyncpg(pool: "Pool") -> str:
    """How the pool connects, as a DSN. asyncpg does not tell it publicly: pass `dsn` beside the pool if this fails."""
    args: tuple[Any, ...] = getattr(pool, "_connect_args", ())
    options: Mapping[str, Any] = getattr(pool, "_connect_kwargs", {})
    if args and isinstance(args[0], str):
        return args[0]
    if isinstance(options.get("dsn"), str):
        return str(options["dsn"])
    return _dsn({key: options.get(key) for key in ("host", "port", "user", "password", "database")})


def _of_psycopg(pool: Any) -> str:
    conninfo = getattr(pool, "conninfo", None)
    if not isinstance(conninfo, str):
        raise InvalidInput(f"A pool of asyncpg or psycopg 3 is needed, not {pool!r}")
    from psycopg.conninfo import conninfo_to_dict

    options = getattr(pool, "kwargs", None) or {}
    known = {key: value for key, value in options.items() if isinstance(value, str | int) and key in _LIBPQ}
    return _dsn({key: value for key, value in conninfo_to_dict(conninfo, **known).items() if key in _LIBPQ})


_LIBPQ = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile")


def _dsn(parts: Mapping[str, Any]) -> str:
    given = {"dbname" if key == "database" else key: value for key, value in parts.items() if value is not None}
    return "postgresql://?" + urlencode(given)
