"""`PresenceStore` on Redis: a hash of what was said and a hash of when."""

from collections.abc import Mapping

from corral.stores.redis.connection import Connection

_COUNTS_FOR = 15_000


class RedisPresence:
    """Fulfils `store.presence.PresenceStore`."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._said = f"{prefix}:corral:processes"
        self._paused = f"{prefix}:corral:paused-workers"

    async def announce(self, process: str, record: bytes, now: int) -> None:
        await self._connection.send("HSET", self._said, process, b"%d %b" % (now, record), repeat=True)

    async def withdraw(self, process: str) -> None:
        await self._connection.send("HDEL", self._said, process, repeat=True)

    async def present(self, now: int) -> Mapping[str, bytes]:
        flat = await self._connection.send("HGETALL", self._said, repeat=True)
        pairs = iter(flat)
        found, gone = {}, []
        for process, said in zip(pairs, pairs, strict=True):
            at, _, record = said.partition(b" ")
            if now - int(at) > _COUNTS_FOR:
                gone.append(process)
            else:
                found[process.decode()] = record
        if gone:
            await self._connection.send("HDEL", self._said, *gone, repeat=True)
        return found

    async def set_paused(self, queue: str, paused: bool) -> None:
        await self._connection.send("SADD" if paused else "SREM", self._paused, queue, repeat=True)

    async def paused(self) -> frozenset[str]:
        found = await self._connection.send("SMEMBERS", self._paused, repeat=True)
        return frozenset(queue.decode(errors="replace") for queue in found)
