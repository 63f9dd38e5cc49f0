"""`RegistryStore` on Postgres: a table of records and one of changes, which a notification announces."""

from corral.stores.postgres.bell import Bell
from corral.stores.postgres.database import Database, Row
from corral.stores.postgres.listener import Listener


class PostgresRegistry:
    """Fulfils `store.registry.RegistryStore`. Programs that share a schema and `name` share the endpoints."""

    def __init__(self, database: Database, listener: Listener, name: str, max_len: int) -> None:
        self._database = database
        self._listener = listener
        self._name = name
        self._max_len = max_len

    async def put(self, queue: str, record: bytes) -> None:
        await self._database.rows("put_endpoint", self._name, queue, record, self._max_len)

    async def remove(self, queue: str) -> bool:
        return bool(await self._database.value("remove_endpoint", self._name, queue, self._max_len))

    async def announce(self, queue: str) -> None:
        await self._database.rows("announce_endpoint", self._name, queue, self._max_len, repeat=True)

    async def all(self) -> dict[str, bytes]:
        found = await self._database.rows("endpoints", self._name, repeat=True)
        return {row["queue"]: row["record"] for row in found}

    async def cursor(self) -> str:
        return str(await self._database.value("last_endpoint_change", self._name, repeat=True))

    async def changes(self, after: str, timeout: float) -> tuple[str, list[str]]:
        with Bell(self._listener, "corral", f"endpoints:{self._name}") as bell:
            found = await self._after(after)
            if not found and await bell.rang(timeout):
                found = await self._after(after)
        return (str(found[-1]["id"]), [row["queue"] for row in found]) if found else (after, [])

    async def _after(self, change: str) -> list[Row]:
        return await self._database.rows("endpoint_changes", self._name, int(change), repeat=True)
