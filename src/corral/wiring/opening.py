"""Opening an engine for a program that uses corral as a library: by a DSN, by a pool of its own, or none at all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from corral.model.errors import InvalidInput
from corral.store.store import Store
from corral.wiring.engine import engine_of
from corral.wiring.settings import Settings

READY_SECONDS = 30.0
_POSTGRES = ("postgres", "postgresql")
_REDIS = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class Place:
    """Where jobs are kept. With neither pool nor DSN: in the engine that corral brings along, in `data_dir`.

    On Postgres the schema is made or brought up to date, unless `migrate` is off: then one that is not is refused.
    """

    pool: Any = None
    dsn: str | None = None
    schema: str = "bullmq"
    prefix: str = "bull"
    data_dir: Path = Path(".corral")
    migrate: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that answers, and what lets go of all that was opened for it."""

    store: Store
    close: Callable[[], Awaitable[None]]


async def open_place(place: Place) -> Opened:
    """Raises `InvalidInput` for a place that cannot be one, `StoreError` for a schema that is not up to date, and
    `StoreUnavailable` when the engine does not answer in time."""
    if place.pool is not None:
        from corral.wiring.pools import open_pool  # others can do without its driver

        store, close = await open_pool(place)
    else:
        engine = engine_of(_settings(place))
        store, close = await engine.start(), engine.stop
    try:
        await store.ready(READY_SECONDS)
    except BaseException:
        await close()
        raise
    return Opened(store, close)


def _settings(place: Place) -> Settings:
    if place.dsn is None:
        return Settings(queue_prefix=place.prefix, data_dir=place.data_dir)
    scheme = urlsplit(place.dsn).scheme
    if scheme in _POSTGRES:
        return Settings(database_url=place.dsn, schema=place.schema, queue_prefix=place.prefix, migrate=place.migrate)
    if scheme in _REDIS:
        return Settings(redis_url=place.dsn, queue_prefix=place.prefix)
    raise InvalidInput("The DSN has to begin with postgres://, redis://, rediss:// or unix://")
