"""`IdempotencyStore` on Redis: a key of its own for each record, which the engine lets go of in time."""

from corral.stores.redis.connection import Connection


class RedisIdempotency:
    """Fulfils `store.idempotency.IdempotencyStore`."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._prefix = f"{prefix}:corral:idem:"

    async def begin(self, name: str, record: bytes, hold_ms: int) -> bytes | None:
        key = self._prefix + name
        while True:  # once more only when the record was let go of between the two commands
            if await self._connection.send("SET", key, record, "NX", "PX", hold_ms) is not None:
                return None
            found = await self.get(name)
            if found is not None:
                return found

    async def get(self, name: str) -> bytes | None:
        found: bytes | None = await self._connection.send("GET", self._prefix + name, repeat=True)
        return found

    async def keep(self, name: str, record: bytes, keep_ms: int) -> None:
        await self._connection.send("SET", self._prefix + name, record, "PX", keep_ms, repeat=True)

    async def forget(self, name: str) -> None:
        await self._connection.send("DEL", self._prefix + name, repeat=True)
