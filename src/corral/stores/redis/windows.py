"""`WindowStore` on Redis: a counter for each window, which ends with it."""

from corral.store.windows import Count
from corral.stores.redis.connection import Connection
from corral.stores.redis.run import run
from corral.stores.redis.scripts import own


class RedisWindows:
    """Fulfils `store.windows.WindowStore`; the engine's own clock ends a window."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._prefix = f"{prefix}:corral:window:"

    async def take(self, name: str, most: int, window_ms: int, now: int, amount: int = 1) -> Count:
        taken, used, left = await run(self._connection, own("window"), (self._prefix + name,), amount, most, window_ms)
        return Count(bool(taken), used, left)

    async def give_back(self, name: str, amount: int) -> None:
        await run(self._connection, own("window"), (self._prefix + name,), -amount, 0, 0)
