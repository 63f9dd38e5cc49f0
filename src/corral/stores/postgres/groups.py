"""`GroupStore` on Postgres."""

from collections.abc import Sequence

from corral.model.group import Group, Swept
from corral.stores.postgres.database import Database


class PostgresGroups:
    """Fulfils `store.groups.GroupStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sweep(self, queue: str, now: int, job_ids: Sequence[str] | None = None) -> Swept:
        return Swept()

    async def forget(self, queue: str, job_ids: Sequence[str]) -> list[str]:
        return []

    async def count(self, queue: str) -> int:
        return 0

    async def get(self, queue: str, group_id: str) -> Group | None:
        return None

    async def page(self, queue: str, cursor: str | None, limit: int) -> tuple[list[Group], str | None]:
        return [], None
