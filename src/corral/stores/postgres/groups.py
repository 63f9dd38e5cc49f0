"""`GroupStore` on Postgres. `migrations/0060_groups.sql` has the tables."""

from collections.abc import Sequence

from corral.model.group import Group, Swept
from corral.policy.cursors import decode_cursor, encode_cursor
from corral.stores.postgres.database import Database, Row

_LOOKED_AT = 1_000


class PostgresGroups:
    """Fulfils `store.groups.GroupStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sweep(self, queue: str, now: int, job_ids: Sequence[str] | None = None) -> Swept:
        given = None if job_ids is None else list(job_ids)
        row = await self._database.row("sweep_groups", queue, now, _LOOKED_AT, given, repeat=True)
        return Swept() if row is None else Swept(row["moved"], tuple(row["emptied"]))

    async def forget(self, queue: str, job_ids: Sequence[str]) -> list[str]:
        emptied: list[str] = await self._database.value("forget_in_groups", queue, list(job_ids), repeat=True)
        return emptied

    async def count(self, queue: str) -> int:
        found: int = await self._database.value("count_groups", queue, repeat=True)
        return found

    async def get(self, queue: str, group_id: str) -> Group | None:
        row = await self._database.row("groups", queue, None, group_id, 1, repeat=True)
        return None if row is None else _group(row)

    async def page(self, queue: str, cursor: str | None, limit: int) -> tuple[list[Group], str | None]:
        after = None if cursor is None else decode_cursor(cursor)
        rows = await self._database.rows("groups", queue, after, None, limit + 1, repeat=True)
        groups = [_group(row) for row in rows[:limit]]
        return groups, encode_cursor(groups[-1].id) if len(rows) > limit else None


def _group(row: Row) -> Group:
    return Group(row["id"], row["jobs"], row["held"], row["waiting"], row["places"])
