"""`JournalStore` on Postgres."""

from collections.abc import Sequence

from corral.store.journals import Row
from corral.stores.postgres.database import Database


class PostgresJournals:
    """Fulfils `store.journals.JournalStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, journal: str, rows: Sequence[bytes], keep: int) -> None:
        await self._database.rows("append_journal", journal, list(rows), keep)

    async def page(self, journal: str, before: str | None, limit: int) -> list[Row]:
        place = None if before is None else int(before)
        rows = await self._database.rows("page_journal", journal, place, limit, repeat=True)
        return [Row(str(row["id"]), row["content"]) for row in rows]

    async def forget(self, journals: Sequence[str]) -> None:
        await self._database.rows("forget_journals", list(journals), repeat=True)
