"""Redis as the engine of this process, or the embedded server that speaks as Redis does."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Coroutine
from typing import Any

from corral.model.errors import StoreError, StoreUnavailable
from corral.observe import log
from corral.stores.embedded.engine import EmbeddedEngine
from corral.stores.redis.address import Address
from corral.stores.redis.registry import RegistryKeys
from corral.stores.redis.store import News, RedisStore
from corral.wiring.address import address_of
from corral.wiring.settings import Settings

_BULLMQ_5 = re.compile(r"bullmq:[1-5]\.")


class RedisEngine:
    """Fulfils `engine.Engine`: a store, and the embedded server behind it when there is no other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: EmbeddedEngine | None = None
        self._tending: set[asyncio.Task[None]] = set()
        self._ensuring: asyncio.Task[None] | None = None
        self._where = ""

    async def start(self) -> RedisStore:
        """Start the embedded server if it is ours to start, and begin to connect; does not wait for Redis."""
        address = await self._address()
        self._where = str(address).removesuffix("/0")  # the database that everybody means
        settings = self._settings
        keys = RegistryKeys(
            records=settings.worker_metadata_key,
            stream=settings.worker_metadata_stream,
            max_len=settings.max_len_worker_metadata_stream,
        )
        self.store = RedisStore(
            address,
            prefix=settings.queue_prefix,
            queues=settings.queue_cache_size,
            registry=keys,
            metrics_points=settings.metrics_points,
            on_news=self._heard,
        )
        await self.store.start()
        return self.store

    @property
    def cached_queues(self) -> int:
        return len(self.store.keys)

    async def broken(self) -> None:
        """A Redis is fit for use as soon as it answers."""
        await asyncio.Event().wait()

    def count_added(self, told: Callable[[str, int], None]) -> None:
        self.store.jobs.adder.on_added = told

    async def settled(self) -> None:
        """Wait until everything that was to be looked at has been."""
        while self._tending:
            await asyncio.wait(self._tending)

    async def stop(self) -> None:
        """The store first, then the server, so that nothing is cut off."""
        for task in self._tending:
            task.cancel()
        await self.store.close()
        if self._server is not None:
            await self._server.stop()

    async def _address(self) -> Address:
        settings = self._settings
        if settings.engine == "redis":
            return address_of(settings)
        self._server = EmbeddedEngine(
            settings.data_dir,
            durability=settings.durability,
            port=settings.engine_port,
            on_event=log.engine_event,
        )
        await self._server.start()
        return Address(path=self._server.socket_path)

    def _heard(self, news: News, detail: str) -> None:
        match news:
            case "ready":
                log.engine_connected("Redis", self._where)
                self._tend(self._look_at_eviction())
            case "lost":
                log.engine_lost("Redis", self._where, detail)
                self._ensure()
            case "failed":
                log.engine_waiting("Redis", self._where, detail)
                self._ensure()
            case "queue":
                self._tend(self._look_at_version(detail))
            case "closed":
                pass

    async def _look_at_version(self, queue: str) -> None:
        """A program on BullMQ 5 pauses by another layout, and loses jobs when it resumes."""
        with contextlib.suppress(StoreUnavailable, StoreError):
            version = await self.store.queues.version(queue)
            if version is not None and _BULLMQ_5.match(version):
                log.bullmq5_seen(queue, version)

    async def _look_at_eviction(self) -> None:
        try:
            policy = await self.store.eviction_policy()
        except StoreUnavailable:
            return
        if policy is not None and policy != "noeviction":
            log.eviction_policy(policy)

    def _ensure(self) -> None:
        """See to it that the embedded server runs; one look at a time, however often a connection fails."""
        if self._server is not None and (self._ensuring is None or self._ensuring.done()):
            self._ensuring = self._tend(self._take_over(self._server))

    async def _take_over(self, server: EmbeddedEngine) -> None:
        """An engine whose owner has gone becomes ours."""
        try:
            await server.ensure()
        except StoreUnavailable as error:
            log.engine_waiting("Redis", self._where, error)

    def _tend(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tending.add(task)
        task.add_done_callback(self._tending.discard)
        return task
