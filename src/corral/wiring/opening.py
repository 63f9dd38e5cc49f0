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

POSTGRES = ("postgres", "postgresql")
READY_SECONDS = 30.0
_SCHEMES = "redis://, rediss://, unix:// or postgres://"


@dataclass(frozen=True, slots=True)
class Place:
    """Where jobs are kept. With neither pool nor DSN: in the engine that corral brings along, in `data_dir`."""

    pool: Any = None
    dsn: str | None = None
    schema: str | None = None
    prefix: str = "bull"
    data_dir: Path | str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that answers, and what lets go of all that was opened for it."""

    store: Store
    close: Callable[[], Awaitable[None]]


async def open_place(place: Place) -> Opened:
    """Raises `InvalidInput` for a place that cannot be one, `StoreUnavailable` when it does not answer in time."""
    scheme = urlsplit(place.dsn).scheme if place.dsn else ""
    if place.pool is not None or scheme in POSTGRES:
        raise InvalidInput("Postgres is not there yet")
    if place.dsn is not None and scheme not in ("redis", "rediss", "unix"):
        raise InvalidInput(f"The DSN has to begin with {_SCHEMES}")
    engine = engine_of(_settings(place))
    store = await engine.start()
    try:
        await store.ready(READY_SECONDS)
    except BaseException:
        await engine.stop()
        raise
    return Opened(store, engine.stop)


def _settings(place: Place) -> Settings:
    if place.dsn is not None:
        return Settings(redis_url=place.dsn, queue_prefix=place.prefix)
    if place.data_dir is not None:
        return Settings(queue_prefix=place.prefix, data_dir=Path(place.data_dir))
    return Settings(queue_prefix=place.prefix)
