"""Limits that hold over all workers of a queue, whatever program they belong to."""

from typing import Protocol

from corral.model.endpoint import Limiter


class QueueLimitStore(Protocol):
    """One round trip each. Times are milliseconds."""

    async def concurrency(self, queue: str) -> int | None: ...

    async def set_concurrency(self, queue: str, most: int) -> None:
        """At most `most` jobs of the queue are active at once."""
        ...

    async def remove_concurrency(self, queue: str) -> bool:
        """Whether there was one."""
        ...

    async def rate_limit(self, queue: str) -> Limiter | None: ...

    async def set_rate_limit(self, queue: str, limit: Limiter) -> None:
        """Wins over the limit of a worker."""
        ...

    async def remove_rate_limit(self, queue: str) -> bool:
        """Whether there was one."""
        ...

    async def throttle(self, queue: str, ttl: int, now: int) -> None:
        """Count the rate limit as used up for `ttl`. Without effect where neither queue nor worker has one."""
        ...

    async def throttled_for(self, queue: str, most: int | None, now: int) -> int:
        """How long the rate limit is used up, 0 when it is not. `most` stands in for the queue's own limit.

        Where there is neither: how long what was counted is remembered.
        """
        ...

    async def unthrottle(self, queue: str) -> bool:
        """Begin to count anew; whether anything was counted."""
        ...

    async def is_maxed(self, queue: str) -> bool:
        """Whether as many jobs are active as the concurrency allows."""
        ...
