"""Adding jobs in a transaction of the caller's, on its own connection: asyncpg's, or psycopg's asynchronous one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from corral.model.job import NewJob
from corral.policy.refusals import refusal
from corral.stores.postgres.adding import statements
from corral.stores.postgres.database import Database
from corral.stores.postgres.failures import REFUSED
from corral.stores.postgres.names import Names

Run = Callable[[str, Sequence[Any]], Awaitable[Any]]
"""Runs a statement with $1, $2, ... and answers the first column of its row."""


class OutsideAdder:
    """Jobs that are there when, and only if, the caller commits; workers hear of them then."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names
        self._known: set[str] = set()

    async def add(self, connection: Any, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        """The ids, in order. Commits nothing by itself.

        What BullMQ refuses is raised as an error of the model, everything else as the caller's library does; after
        either the transaction can only be rolled back.
        """
        if not jobs:
            return []
        await self._make_known(queue)
        run = _runner(connection)
        ids: list[str] = []
        for name, args in statements(self._names, queue, jobs, now, alone=False):
            try:
                found = await run(self._database.schema.statement(name), args)
            except Exception as error:
                code = _refused(error)
                if code is None:
                    raise
                raise refusal(code, "", "addJob") from error
            ids += [found] if isinstance(found, str) else found
        return ids

    async def _make_known(self, queue: str) -> None:
        """Ahead of the caller's transaction, as a queue that begins in one keeps others waiting until it ends."""
        if queue not in self._known:
            await self._database.rows("id_sequence", queue, repeat=True)
            self._known.add(queue)


def _runner(connection: Any) -> Run:
    if hasattr(connection, "fetchval"):
        return lambda sql, args: connection.fetchval(sql, *args)
    from psycopg import AsyncRawCursor
    from psycopg.rows import tuple_row

    async def run(sql: str, args: Sequence[Any]) -> Any:
        async with AsyncRawCursor(connection, row_factory=tuple_row) as cursor:
            await cursor.execute(sql.encode(), args)
            row = await cursor.fetchone()
            return None if row is None else row[0]

    return run


def _refused(error: Exception) -> int | None:
    """The code with which BullMQ's functions refused, if that is what happened."""
    if getattr(error, "sqlstate", None) != REFUSED:
        return None
    detail = getattr(error, "detail", None) or getattr(getattr(error, "diag", None), "message_detail", None)
    return int(detail or 0)
