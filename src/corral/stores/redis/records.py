"""`RecordStore` on Redis: a hash for each kind, in which the empty id holds its revision."""

from collections.abc import Mapping, Sequence

from corral.stores.redis.codec import fields
from corral.stores.redis.connection import Connection
from corral.stores.redis.run import run
from corral.stores.redis.scripts import own

_REVISION = b""


class RedisRecords:
    """Fulfils `store.records.RecordStore`."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._prefix = f"{prefix}:corral:records:"

    async def put(self, kind: str, record_id: str, record: bytes) -> None:
        await run(self._connection, own("record"), (self._prefix + kind,), record_id, "any", b"", "put", record)

    async def swap(self, kind: str, record_id: str, old: bytes | None, new: bytes | None) -> bool:
        guard = ("none", b"") if old is None else ("same", old)
        change = ("drop", b"") if new is None else ("put", new)
        return bool(await run(self._connection, own("record"), (self._prefix + kind,), record_id, *guard, *change))

    async def get(self, kind: str, record_id: str) -> bytes | None:
        found: bytes | None = await self._connection.send("HGET", self._prefix + kind, record_id, repeat=True)
        return found

    async def all(self, kind: str) -> tuple[int, Mapping[str, bytes]]:
        found = fields(await self._connection.send("HGETALL", self._prefix + kind, repeat=True))
        revision = int(found.pop(_REVISION, b"0"))
        return revision, {record_id.decode(): record for record_id, record in found.items()}

    async def revisions(self, kinds: Sequence[str]) -> list[int]:
        asked = [self._connection.send("HGET", self._prefix + kind, _REVISION, repeat=True) for kind in kinds]
        return [int(await one or 0) for one in asked]
