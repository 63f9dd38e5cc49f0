"""`EventStore` on Redis: the queue's event stream, read with a connection of its own while waiting."""

from collections.abc import Mapping
from typing import Any

from corral.policy.event_ids import order
from corral.store.events import EventReader, QueueEvent
from corral.stores.redis.address import Address
from corral.stores.redis.connection import BlockingConnection, Connection
from corral.stores.redis.keys import KeyCache, QueueKeys

_KEPT = 10_000


class RedisEvents:
    """Fulfils `store.events.EventStore`."""

    def __init__(self, connection: Connection, keys: KeyCache, address: Address) -> None:
        self._connection = connection
        self._keys = keys
        self._address = address

    async def last_id(self, queue: str) -> str:
        newest = await self._connection.send(
            "XREVRANGE", self._keys.of(queue).events, "+", "-", "COUNT", 1, repeat=True
        )
        return newest[0][0].decode() if newest else "0-0"

    async def oldest_id(self, queue: str) -> str | None:
        oldest = await self._connection.send("XRANGE", self._keys.of(queue).events, "-", "+", "COUNT", 1, repeat=True)
        return oldest[0][0].decode() if oldest else None

    async def since(self, queue: str, after: str, limit: int) -> list[QueueEvent]:
        command = ("XRANGE", self._keys.of(queue).events, f"({after}", "+", "COUNT", limit)
        return [_event(entry) for entry in await self._connection.send(*command, repeat=True)]

    async def publish(self, queue: str, name: str, fields: Mapping[str, str]) -> None:
        keys = self._keys.of(queue)
        kept = await self._connection.send("HGET", keys.meta, "opts.maxLenEvents", repeat=True)
        flat = [part for pair in fields.items() for part in pair]
        await self._connection.send("XADD", keys.events, "MAXLEN", "~", kept or _KEPT, "*", "event", name, *flat)

    def reader(self, queue: str) -> EventReader:
        keys = self._keys.of(queue)
        return StreamReader(BlockingConnection(self._address, name=f"{keys.qualified}:qe"), keys)


class StreamReader:
    """Fulfils `store.events.EventReader`."""

    def __init__(self, blocking: BlockingConnection, keys: QueueKeys) -> None:
        self._blocking = blocking
        self._keys = keys

    async def read(self, after: str, timeout: float, limit: int = 1000) -> list[QueueEvent]:
        block = max(1, int(timeout * 1000))
        command = ("XREAD", "COUNT", limit, "BLOCK", block, "STREAMS", self._keys.events, after)
        found = await self._blocking.call(*command, timeout=timeout)
        return [_event(entry) for entry in found[0][1]] if found else []

    async def close(self) -> None:
        await self._blocking.close()


def _event(entry: Any) -> QueueEvent:
    texts = iter([part.decode(errors="replace") for part in entry[1]])
    fields = dict(zip(texts, texts, strict=True))
    event_id = entry[0].decode()
    return QueueEvent(event_id, fields.pop("event", ""), fields, order(event_id)[0])
