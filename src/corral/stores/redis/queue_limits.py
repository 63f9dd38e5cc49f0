"""`QueueLimitStore` on Redis: fields of the queue's `meta` hash, and the counter of its rate limit."""

from collections.abc import Callable
from typing import Any

from corral.model.endpoint import Limiter
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.numbers import whole
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

_USED_UP = 2**53 - 1  # more than any limit allows


class RedisQueueLimits:
    """Fulfils `store.queue_limits.QueueLimitStore`. The engine's own clock ends what has a time to live."""

    def __init__(self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None]) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in

    async def concurrency(self, queue: str) -> int | None:
        return whole(await self._ask("HGET", self._keys.of(queue).meta, "concurrency"))

    async def set_concurrency(self, queue: str, most: int) -> None:
        self._stored_in(queue)
        await self._ask("HSET", self._keys.of(queue).meta, "concurrency", most)

    async def remove_concurrency(self, queue: str) -> bool:
        return bool(await self._ask("HDEL", self._keys.of(queue).meta, "concurrency"))

    async def rate_limit(self, queue: str) -> Limiter | None:
        return limiter(*await self._ask("HMGET", self._keys.of(queue).meta, "max", "duration"))

    async def set_rate_limit(self, queue: str, limit: Limiter) -> None:
        self._stored_in(queue)
        await self._ask("HSET", self._keys.of(queue).meta, "max", limit.max, "duration", limit.duration)

    async def remove_rate_limit(self, queue: str) -> bool:
        return bool(await self._ask("HDEL", self._keys.of(queue).meta, "max", "duration"))

    async def throttle(self, queue: str, ttl: int, now: int) -> None:
        await self._ask("SET", self._keys.of(queue)["limiter"], _USED_UP, "PX", ttl)

    async def throttled_for(self, queue: str, most: int | None, now: int) -> int:
        names = self._keys.of(queue).many("limiter", "meta")
        left: int = await run(self._connection, official("getRateLimitTtl"), names, most or 0, repeat=True)
        return max(left, 0)  # the engine says -2 where there is nothing to count

    async def unthrottle(self, queue: str) -> bool:
        return bool(await self._ask("DEL", self._keys.of(queue)["limiter"]))

    async def is_maxed(self, queue: str) -> bool:
        names = self._keys.of(queue).many("meta", "active")
        return bool(await run(self._connection, official("isMaxed"), names, repeat=True))

    async def _ask(self, *command: str | int) -> Any:
        return await self._connection.send(*command, repeat=True)


def limiter(most: bytes | None, duration: bytes | None) -> Limiter | None:
    """BullMQ has a limit where both are set."""
    max_jobs, milliseconds = whole(most), whole(duration)
    return Limiter(max_jobs, milliseconds) if max_jobs and milliseconds else None
