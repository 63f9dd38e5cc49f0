"""Statements on a pool of connections that a server's restart does not break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import asyncpg

from corral.model.errors import StoreUnavailable
from corral.stores.postgres.connection import Connection
from corral.stores.postgres.failures import TROUBLE, failure, is_away, is_collision
from corral.stores.postgres.limits import DEFAULT_LIMITS, PostgresLimits
from corral.stores.postgres.schema import Schema

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Session: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Row: TypeAlias = asyncpg.Record
Result = TypeVar("Result")
_PAUSE = 0.05  # seconds between two attempts to reach a server that is away
_COLLISIONS = 5  # how often a statement that was rolled back for another one's sake is done again


class Database:
    """Statements by the name of their file in `sql/`; parameters and columns are text, numbers, or arrays of these.

    `pool` is one of the caller's, which stays open; without it one is opened on `dsn`. With `prepared` off no
    statement is prepared by name, which a pooler in transaction mode may ask for.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        dsn: str | None = None,
        pool: "Pool | None" = None,
        limits: PostgresLimits = DEFAULT_LIMITS,
        prepared: bool = True,
    ) -> None:
        self.schema = schema
        self.limits = limits
        self.dsn = dsn
        self._pool = pool
        self._owned = pool is None
        self._prepared = prepared
        self._opening: asyncio.Lock = asyncio.Lock()
        self._closed = False

    async def rows(self, name: str, *args: Any, repeat: bool = False) -> list[Row]:
        """Run the statement. `repeat` allows doing it again when the connection breaks, as it then does no harm."""
        sql = self.schema.statement(name)
        return await self._attempt(lambda session: session.fetch(sql, *args), repeat)

    async def row(self, name: str, *args: Any, repeat: bool = False) -> Row | None:
        """The only row, or None."""
        found = await self.rows(name, *args, repeat=repeat)
        return found[0] if found else None

    async def value(self, name: str, *args: Any, repeat: bool = False) -> Any:
        """The first column of the only row, or None."""
        found = await self.rows(name, *args, repeat=repeat)
        return found[0][0] if found else None

    async def many(self, name: str, args: Sequence[Sequence[Any]]) -> None:
        """Run the statement once for each set of parameters, all in one transaction."""
        sql = self.schema.statement(name)
        await self._attempt(lambda session: session.executemany(sql, args), repeat=False)

    async def together(self, work: Callable[[Session], Awaitable[Result]]) -> Result:
        """Let `work` run its statements in one transaction; it may be called again after one that was rolled back."""

        async def transact(session: Session) -> Result:
            async with session.transaction():
                return await work(session)

        return await self._attempt(transact, repeat=False)

    async def close(self) -> None:
        """Let go of the connections; a pool of the caller's stays open."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None and self._owned:
            pool.terminate()

    async def _attempt(self, work: Callable[[Session], Awaitable[Result]], repeat: bool) -> Result:
        if asyncio.current_task() is None:  # which the driver's time-outs need
            return await asyncio.get_running_loop().create_task(self._try(work, repeat))
        return await self._try(work, repeat)

    async def _try(self, work: Callable[[Session], Awaitable[Result]], repeat: bool) -> Result:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.limits.connect_wait
        collisions = 0
        while True:
            reached = False
            try:
                async with self._session() as session:
                    reached = True
                    return await work(session)
            except TROUBLE as error:
                if is_collision(error) and collisions < _COLLISIONS:
                    collisions += 1
                elif not is_away(error) or (reached and not repeat) or loop.time() > until or self._closed:
                    raise failure(error) from error
                else:
                    await asyncio.sleep(_PAUSE)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        pool = self._pool or await self._open()
        async with pool.acquire(timeout=self.limits.reply_timeout) as session:
            if self._closed and self._owned:  # meanwhile; the pool knows nothing of what was opened since
                session.terminate()
            yield session

    async def _open(self) -> Pool:
        async with self._opening:
            if self._closed:
                raise StoreUnavailable("the connection is closed")
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.dsn,
                    min_size=0,
                    max_size=self.limits.connections,
                    timeout=self.limits.connect_timeout,
                    command_timeout=self.limits.reply_timeout,
                    statement_cache_size=100 if self._prepared else 0,
                    reset=_leave_as_it_is,
                    connection_class=Connection,
                )
            return self._pool


async def _leave_as_it_is(_: Session) -> None:
    """Our statements leave nothing behind in a session; resetting it would cost a round trip each time."""
