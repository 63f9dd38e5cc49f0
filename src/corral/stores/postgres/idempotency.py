"""`IdempotencyStore` on Postgres: a record for each, which counts until its time is over."""

from corral.stores.postgres.database import Database

_KIND = "idempotency"


class PostgresIdempotency:
    """Fulfils `store.idempotency.IdempotencyStore`. The database's own clock ends what has its time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, name: str, record: bytes, hold_ms: int) -> bytes | None:
        while True:  # once more only when the record ran out between the two statements
            if await self._database.row("begin_record", _KIND, name, record, hold_ms) is not None:
                return None
            found = await self.get(name)
            if found is not None:
                return found

    async def get(self, name: str) -> bytes | None:
        found: bytes | None = await self._database.value("kept_record", _KIND, name, repeat=True)
        return found

    async def keep(self, name: str, record: bytes, keep_ms: int) -> None:
        await self._database.rows("keep_record", _KIND, name, record, keep_ms, repeat=True)

    async def forget(self, name: str) -> None:
        await self._database.rows("forget_record", _KIND, name, repeat=True)
