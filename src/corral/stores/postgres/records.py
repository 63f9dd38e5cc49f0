"""`RecordStore` on Postgres."""

from collections.abc import Mapping, Sequence

from corral.stores.postgres.database import Database


class PostgresRecords:
    """Fulfils `store.records.RecordStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, kind: str, record_id: str, record: bytes) -> None:
        await self._database.value("change_record", kind, record_id, "any", None, record, repeat=True)

    async def swap(self, kind: str, record_id: str, old: bytes | None, new: bytes | None) -> bool:
        guard = "none" if old is None else "same"
        return bool(await self._database.value("change_record", kind, record_id, guard, old, new))

    async def get(self, kind: str, record_id: str) -> bytes | None:
        found: bytes | None = await self._database.value("get_record", kind, record_id, repeat=True)
        return found

    async def all(self, kind: str) -> tuple[int, Mapping[str, bytes]]:
        rows = await self._database.rows("all_records", kind, repeat=True)
        revision = rows[0]["revision"] if rows else 0
        return revision, {row["id"]: row["content"] for row in rows if row["id"] is not None}

    async def revisions(self, kinds: Sequence[str]) -> list[int]:
        return [row[0] for row in await self._database.rows("record_revisions", list(kinds), repeat=True)]
