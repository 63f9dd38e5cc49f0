"""`RegistryStore` on Redis: bullmq-proxy's hash of records and its stream of changes.

Both are written by plain commands: the two keys may live in different slots of a cluster, where a script could
not touch both. Should a change be stored but not announced, the next look at all records finds it.
"""

import msgspec

from corral.stores.redis.connection import BlockingConnection, Connection


class RegistryKeys(msgspec.Struct, frozen=True):
    """Where the records are; the names and the bound are settings of the original."""

    records: str = "bmqp:w:meta"
    stream: str = "bmpq:w:stream"
    max_len: int = 100


class RedisRegistry:
    """Fulfils `store.registry.RegistryStore`."""

    def __init__(self, connection: Connection, blocking: BlockingConnection, keys: RegistryKeys) -> None:
        self._connection = connection
        self._blocking = blocking
        self._keys = keys

    async def put(self, queue: str, record: bytes) -> None:
        stored, announced = self._connection.send_many(
            [("HSET", self._keys.records, queue, record), self._announcement(queue)]
        )
        await stored
        await announced

    async def remove(self, queue: str) -> bool:
        if not await self._connection.send("HDEL", self._keys.records, queue):
            return False
        await self._connection.send(*self._announcement(queue), repeat=True)
        return True

    async def announce(self, queue: str) -> None:
        await self._connection.send(*self._announcement(queue), repeat=True)

    async def all(self) -> dict[str, bytes]:
        flat = await self._connection.send("HGETALL", self._keys.records, repeat=True)
        pairs = iter(flat)
        return {_name(queue): record for queue, record in zip(pairs, pairs, strict=True)}

    async def cursor(self) -> str:
        newest = await self._connection.send("XREVRANGE", self._keys.stream, "+", "-", "COUNT", 1, repeat=True)
        return newest[0][0].decode() if newest else "0-0"

    async def changes(self, after: str, timeout: float) -> tuple[str, list[str]]:
        command = ("XREAD", "BLOCK", max(1, int(timeout * 1000)), "STREAMS", self._keys.stream, after)
        found = await self._blocking.call(*command, timeout=timeout)
        if not found:
            return after, []
        entries = found[0][1]
        return entries[-1][0].decode(), [_name(parts[1]) for _, parts in entries]

    async def close(self) -> None:
        await self._blocking.close()

    def _announcement(self, queue: str) -> tuple[str | int, ...]:
        return ("XADD", self._keys.stream, "MAXLEN", self._keys.max_len, "*", "worker", queue)


def _name(raw: bytes) -> str:
    """Anybody may have written it, so it need not be UTF-8."""
    return raw.decode(errors="replace")
