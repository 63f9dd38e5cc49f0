"""`QueueLimitStore` on Postgres: settings of the queue, and the counter of its rate limit."""

from collections.abc import Mapping

from corral.model.endpoint import Limiter
from corral.stores.postgres.database import Database


class PostgresQueueLimits:
    """Fulfils `store.queue_limits.QueueLimitStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def concurrency(self, queue: str) -> int | None:
        return whole((await self._settings(queue, "concurrency")).get("concurrency"))

    async def set_concurrency(self, queue: str, most: int) -> None:
        await self._set(queue, concurrency=most)

    async def remove_concurrency(self, queue: str) -> bool:
        return await self._remove(queue, "concurrency")

    async def rate_limit(self, queue: str) -> Limiter | None:
        return limiter(await self._settings(queue, "max", "duration"))

    async def set_rate_limit(self, queue: str, limit: Limiter) -> None:
        await self._set(queue, max=limit.max, duration=limit.duration)

    async def remove_rate_limit(self, queue: str) -> bool:
        return await self._remove(queue, "max", "duration")

    async def throttle(self, queue: str, ttl: int, now: int) -> None:
        await self._database.rows("throttle", queue, ttl, now, repeat=True)

    async def throttled_for(self, queue: str, most: int | None, now: int) -> int:
        left: int = await self._database.value("throttled_for", queue, most or 0, now, repeat=True)
        return max(left, 0)  # -2 where there is nothing to count

    async def unthrottle(self, queue: str) -> bool:
        return await self._database.row("unthrottle", queue, repeat=True) is not None

    async def is_maxed(self, queue: str) -> bool:
        return bool(await self._database.value("is_maxed", queue, repeat=True))

    async def _settings(self, queue: str, *fields: str) -> dict[str, str | None]:
        found = await self._database.rows("settings_of", queue, list(fields), repeat=True)
        return {row["field"]: row["value"] for row in found}

    async def _set(self, queue: str, **settings: int) -> None:
        values = [str(value) for value in settings.values()]
        await self._database.rows("set_settings", queue, list(settings), values, repeat=True)

    async def _remove(self, queue: str, *fields: str) -> bool:
        return bool(await self._database.rows("remove_settings", queue, list(fields), repeat=True))


def limiter(settings: Mapping[str, str | None]) -> Limiter | None:
    """BullMQ has a limit where both are set."""
    most, duration = whole(settings.get("max")), whole(settings.get("duration"))
    return Limiter(most, duration) if most and duration else None


def whole(text: str | None) -> int | None:
    """The number that a setting is; None for what is absent or no number, as any program may have written it."""
    try:
        return None if text is None else int(float(text))
    except (ValueError, OverflowError):
        return None
