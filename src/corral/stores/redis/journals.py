"""`JournalStore` on Redis: a stream for each journal."""

from collections.abc import Sequence

from corral.store.journals import Row
from corral.stores.redis.connection import Connection


class RedisJournals:
    """Fulfils `store.journals.JournalStore`."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._prefix = f"{prefix}:corral:journal:"

    async def append(self, journal: str, rows: Sequence[bytes], keep: int) -> None:
        key = self._prefix + journal
        for added in self._connection.send_many([("XADD", key, "MAXLEN", "~", keep, "*", "r", row) for row in rows]):
            await added

    async def page(self, journal: str, before: str | None, limit: int) -> list[Row]:
        newest = "+" if before is None else f"({before}"
        found = await self._connection.send(
            "XREVRANGE", self._prefix + journal, newest, "-", "COUNT", limit, repeat=True
        )
        return [Row(row_id.decode(), content[1]) for row_id, content in found]

    async def forget(self, journals: Sequence[str]) -> None:
        for gone in [self._connection.send("DEL", self._prefix + journal, repeat=True) for journal in journals]:
            await gone
