"""The Redis engine, assembled."""

import time
from collections.abc import Callable
from typing import Literal

from corral.model.errors import StoreError
from corral.stores.redis.address import Address
from corral.stores.redis.children import RedisChildren
from corral.stores.redis.connection import BlockingConnection, Connection, ConnectionState
from corral.stores.redis.deduplication import RedisDeduplication
from corral.stores.redis.directory import RedisDirectory
from corral.stores.redis.events import RedisEvents
from corral.stores.redis.flows import RedisFlows
from corral.stores.redis.groups import RedisGroups
from corral.stores.redis.idempotency import RedisIdempotency
from corral.stores.redis.job_details import RedisJobDetails
from corral.stores.redis.job_index import RedisJobIndex
from corral.stores.redis.job_moves import RedisJobMoves
from corral.stores.redis.jobs import RedisJobs
from corral.stores.redis.journals import RedisJournals
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.metrics import RedisMetrics
from corral.stores.redis.presence import RedisPresence
from corral.stores.redis.queue_limits import RedisQueueLimits
from corral.stores.redis.queue_moves import RedisQueueMoves
from corral.stores.redis.queues import RedisQueues
from corral.stores.redis.records import RedisRecords
from corral.stores.redis.registry import RedisRegistry, RegistryKeys
from corral.stores.redis.run import load_scripts
from corral.stores.redis.schedulers import RedisSchedulers
from corral.stores.redis.search import RedisSearch
from corral.stores.redis.windows import RedisWindows

News = ConnectionState | Literal["queue"]
"""What a store tells of itself: how its connection is, and each queue that it comes to use (detail: its name)."""

_ORIGINAL = RegistryKeys()


class RedisStore:
    """Fulfils `store.Store`."""

    def __init__(
        self,
        address: Address,
        *,
        prefix: str = "bull",
        queues: int = 100,
        registry: RegistryKeys = _ORIGINAL,
        metrics_points: int = 1440,
        on_news: Callable[[News, str], None] = lambda news, detail: None,
    ) -> None:
        self.prefix = prefix
        self.keys = KeyCache(prefix, queues)
        self.connection = Connection(address, name="corral", on_connect=load_scripts, on_state=on_news)
        self.directory = RedisDirectory(self.connection, prefix, lambda queue: on_news("queue", queue))
        self.jobs = RedisJobs(self.connection, self.keys, address, self.directory.saw, metrics_points)
        self.job_moves = RedisJobMoves(self.connection, self.keys)
        self.job_details = RedisJobDetails(self.connection, self.keys)
        self.job_index = RedisJobIndex(self.connection, self.keys)
        self.groups = RedisGroups(self.connection, self.keys)
        self.search = RedisSearch(self.connection, self.keys)
        self.children = RedisChildren(self.connection, self.keys)
        self.deduplication = RedisDeduplication(self.connection, self.keys)
        self.queues = RedisQueues(self.connection, self.keys, self.directory.saw)
        self.queue_moves = RedisQueueMoves(self.connection, self.keys)
        self.queue_limits = RedisQueueLimits(self.connection, self.keys, self.directory.saw)
        self.metrics = RedisMetrics(self.connection, self.keys)
        self.presence = RedisPresence(self.connection, prefix)
        self.events = RedisEvents(self.connection, self.keys, address)
        self.flows = RedisFlows(self.connection, self.keys, self.directory.saw)
        self.schedulers = RedisSchedulers(self.connection, self.keys, self.directory.saw)
        self.idempotency = RedisIdempotency(self.connection, prefix)
        self.journals = RedisJournals(self.connection, prefix)
        self.records = RedisRecords(self.connection, prefix)
        self.windows = RedisWindows(self.connection, prefix)
        blocking = BlockingConnection(address, name="corral")
        self.registry = RedisRegistry(self.connection, blocking, registry)

    async def start(self) -> None:
        self.connection.start()

    async def ready(self, timeout: float | None = None) -> None:
        await self.connection.ready(timeout)

    @property
    def is_ready(self) -> bool:
        return self.connection.is_ready

    async def ping(self) -> float:
        begun = time.perf_counter()
        await self.connection.send("PING", repeat=True)
        return time.perf_counter() - begun

    async def eviction_policy(self) -> str | None:
        """The server's `maxmemory-policy`; None when it may not be asked. Jobs are safe only under `noeviction`."""
        try:
            reply = await self.connection.send("CONFIG", "GET", "maxmemory-policy", repeat=True)
        except StoreError:
            return None
        return reply[1].decode() if reply else None

    async def close(self) -> None:
        await self.directory.close()
        await self.registry.close()
        await self.connection.close()
