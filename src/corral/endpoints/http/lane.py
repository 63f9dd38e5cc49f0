"""All connections to one origin: which are free, how many there may be, and who waits for one."""

import asyncio
from collections import deque
from contextlib import suppress

from corral.endpoints.http.connection import Connection
from corral.endpoints.http.dial import Dialer
from corral.endpoints.http.errors import CallTimeout
from corral.endpoints.http.limits import Limits


class Lane:
    """Lends connections. The last one used is lent first, so that spare ones grow old and close."""

    def __init__(self, dialer: Dialer, limits: Limits) -> None:
        self.authority = dialer.authority
        self._loop = asyncio.get_running_loop()
        self._dialer = dialer
        self._limits = limits
        self._closed = False
        self._free: list[Connection] = []
        self._connections: set[Connection] = set()
        self._dialing = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()

    @property
    def is_empty(self) -> bool:
        return not (self._connections or self._dialing or self._waiters)

    def take(self) -> Connection | None:
        """A free connection, if there is one."""
        return self._free.pop() if self._free else None

    async def open(self, deadline: float) -> Connection:
        """A new connection, or at the limit the next one that becomes free.

        Raises CallTimeout at `deadline` (loop time) and CallFailed when the origin cannot be reached.
        """
        try:
            async with asyncio.timeout_at(deadline):
                while len(self._connections) + self._dialing >= self._limits.connections:
                    if (connection := await self._wait()) is not None:
                        return connection
                return await self._dial()
        except TimeoutError:
            raise CallTimeout(f"no connection to {self.authority} in time") from None

    def release(self, connection: Connection) -> None:
        if not self._hand_over(connection):
            self._free.append(connection)

    def forget(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        if connection in self._free:
            self._free.remove(connection)
        self._hand_over(None)

    def close(self) -> None:
        """Close every connection; calls under way fail."""
        self._closed = True
        for connection in list(self._connections):
            connection.abort()

    async def _dial(self) -> Connection:
        self._dialing += 1
        try:
            connection = await self._dialer.dial(lambda: Connection(self._loop, self, self._limits))
        except BaseException:
            self._hand_over(None)
            raise
        finally:
            self._dialing -= 1
        if self._closed:
            connection.abort()
        elif connection.is_open:
            self._connections.add(connection)
        return connection

    async def _wait(self) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            self._give_back(waiter)
            raise

    def _give_back(self, waiter: asyncio.Future[Connection | None]) -> None:
        """The waiter was cancelled, perhaps when it had already been served."""
        if waiter.cancelled():
            with suppress(ValueError):
                self._waiters.remove(waiter)
        elif (connection := waiter.result()) is None:
            self._hand_over(None)
        elif connection in self._connections:
            self.release(connection)

    def _hand_over(self, connection: Connection | None) -> bool:
        """Wake the first waiter, with a connection or (None) with the room for one."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False
