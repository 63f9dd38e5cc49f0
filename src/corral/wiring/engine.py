"""Which engine this process uses; the only place that picks a store."""

from collections.abc import Callable
from typing import Protocol

from corral.store.store import Store
from corral.wiring.settings import Settings


class Engine(Protocol):
    """A store, what runs behind it, and what the log hears of both."""

    @property
    def store(self) -> Store: ...

    @property
    def cached_queues(self) -> int:
        """How many queues are held in memory."""
        ...

    async def start(self) -> Store:
        """Begin to connect; does not wait for an engine that is away. Raises `StoreError` for one that is not fit."""
        ...

    async def broken(self) -> None:
        """Wait until an engine that was away is there and turns out not to be fit, and raise why as `StoreError`."""
        ...

    def count_added(self, told: Callable[[str, int], None]) -> None:
        """Tell of jobs that are stored from now on: the queue, and how many. Those of flows are not among them."""
        ...

    async def settled(self) -> None:
        """Wait until everything that was to be looked at has been."""
        ...

    async def stop(self) -> None: ...


def engine_of(settings: Settings) -> Engine:
    """The engine that the settings name, not started yet."""
    if settings.engine == "postgres":
        from corral.wiring.postgres_engine import PostgresEngine  # others can do without its driver

        return PostgresEngine(settings)
    from corral.wiring.redis_engine import RedisEngine

    return RedisEngine(settings)
