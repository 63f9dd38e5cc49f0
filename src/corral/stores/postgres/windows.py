"""`WindowStore` on Postgres."""

from corral.store.windows import Count
from corral.stores.postgres.database import Database


class PostgresWindows:
    """Fulfils `store.windows.WindowStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, most: int, window_ms: int, now: int, amount: int = 1) -> Count:
        row = await self._database.row("take_window", name, amount, most, window_ms, now)
        assert row is not None
        return Count(row["taken"], row["used_now"], row["left_ms"])

    async def give_back(self, name: str, amount: int) -> None:
        await self._database.rows("give_back_window", name, amount)
