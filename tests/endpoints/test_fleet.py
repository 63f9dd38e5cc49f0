"""Which workers run, as the store says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from corral.endpoints.fleet import Fleet
from corral.model.endpoint import Endpoint
from corral.model.worker import WorkerInfo
from corral.observe import log
from corral.stores.redis.store import RedisStore
from corral.testing.waiting import until
from tests.worker.conftest import engine, open_store, store

__all__ = ["engine", "open_store", "store"]

RECORD = b'{"queue":"orders","endpoint":{"url":"http://127.0.0.1:1/","method":"POST"}}'


class Hired:
    """Remembers whether it was paused when it began."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.queue = endpoint.queue
        self.paused = False
        self.began_paused: bool | None = None

    def start(self) -> None:
        self.began_paused = self.paused

    async def stop(self, grace: float) -> None:
        """Nothing runs."""

    def pause(self, paused: bool = True) -> None:
        self.paused = paused

    def info(self, process: str) -> WorkerInfo:
        return WorkerInfo(queue=self.queue, kind="endpoint", process=process, paused=self.paused)


@asynccontextmanager
async def fleet_of(store: RedisStore) -> AsyncIterator[list[Hired]]:
    """Those that a fleet on the store has hired."""
    found: list[Hired] = []

    def hire(endpoint: Endpoint) -> Hired:
        found.append(Hired(endpoint))
        return found[-1]

    fleet = Fleet(store, hire, log, grace=0)
    fleet.start()
    try:
        yield found
    finally:
        await fleet.stop(0)


async def test_a_queue_that_is_paused_while_the_fleet_looks_begins_paused(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = store.registry.all

    async def just_registered() -> dict[str, bytes]:
        await store.presence.set_paused("orders", True)
        await store.registry.put("orders", RECORD)
        return await look()

    monkeypatch.setattr(store.registry, "all", just_registered)
    async with fleet_of(store) as hired:
        await until(lambda: hired)
        assert hired[0].began_paused
