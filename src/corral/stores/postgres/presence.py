"""`PresenceStore` on Postgres: a record for each process, and one for each queue whose worker is paused."""

from collections.abc import Mapping

from corral.stores.postgres.database import Database

_COUNTS_FOR = 15_000
_PROCESS, _PAUSED = "process", "paused-worker"


class PostgresPresence:
    """Fulfils `store.presence.PresenceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def announce(self, process: str, record: bytes, now: int) -> None:
        await self._database.rows("announce_record", _PROCESS, process, record, now + _COUNTS_FOR, repeat=True)

    async def withdraw(self, process: str) -> None:
        await self._database.rows("forget_record", _PROCESS, process, repeat=True)

    async def present(self, now: int) -> Mapping[str, bytes]:
        found = await self._database.rows("records_of", _PROCESS, now, repeat=True)
        return {row["name"]: row["value"] for row in found}

    async def set_paused(self, queue: str, paused: bool) -> None:
        if paused:
            await self._database.rows("announce_record", _PAUSED, queue, b"", None, repeat=True)
        else:
            await self._database.rows("forget_record", _PAUSED, queue, repeat=True)

    async def paused(self) -> frozenset[str]:
        found = await self._database.rows("kept_records", _PAUSED, repeat=True)
        return frozenset(row["name"] for row in found)
