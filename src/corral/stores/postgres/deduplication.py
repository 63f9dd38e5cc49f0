"""`DeduplicationStore` on Postgres."""

from corral.stores.postgres.database import Database
from corral.stores.postgres.job_details import not_found


class PostgresDeduplication:
    """Fulfils `store.deduplication.DeduplicationStore`, in one round trip each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holder(self, queue: str, deduplication_id: str) -> str | None:
        holder: str | None = await self._database.value("deduplication_holder", queue, deduplication_id, repeat=True)
        return holder

    async def clear(self, queue: str, deduplication_id: str) -> bool:
        return bool(await self._database.value("clear_deduplication", queue, deduplication_id))

    async def release(self, queue: str, job_id: str) -> bool:
        released: bool | None = await self._database.value("release_deduplication", queue, job_id)
        if released is None:
            raise not_found(job_id)
        return released
