"""One connection per process that listens: it wakes whoever waits for work or events, and knows whether Postgres is
there."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from random import random as _random
from typing import Any, Literal

import asyncpg

from corral.model.errors import StoreUnavailable
from corral.policy.reconnecting import pauses
from corral.stores.postgres.database import Session
from corral.stores.postgres.failures import TROUBLE
from corral.stores.postgres.limits import DEFAULT_LIMITS, PostgresLimits

ListenerState = Literal["ready", "lost", "failed", "closed"]
Channel = Literal["bullmq_jobs", "bullmq_events", "corral"]
CHANNELS: tuple[Channel, ...] = ("bullmq_jobs", "bullmq_events", "corral")
Call = Callable[[], None]


class Listener:
    """Calls back for every notification about a name, such as a queue's; and for all of them after a reconnect.

    `on_connect` works on each new connection before it counts; if it fails, that attempt has.
    `on_state` hears of `ready`, of `lost` and `failed` (an attempt; detail: why) and of `closed`.
    """

    def __init__(
        self,
        dsn: str,
        *,
        limits: PostgresLimits = DEFAULT_LIMITS,
        on_connect: Callable[[Session], Awaitable[None]] | None = None,
        on_state: Callable[[ListenerState, str], None] = lambda state, detail: None,
        random: Callable[[], float] = _random,
    ) -> None:
        self._dsn = dsn
        self._limits = limits
        self._on_connect = on_connect
        self._on_state = on_state
        self._random = random
        self._ready = asyncio.Event()
        self._calls: dict[tuple[str, str], set[Call]] = {}
        self._task: asyncio.Task[None] | None = None
        self._why = "the connection is not open yet"

    def start(self) -> None:
        """Begin connecting in the running loop; goes on until `close`."""
        self._task = asyncio.get_running_loop().create_task(self._stay_connected())

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set()

    async def ready(self, timeout: float | None) -> None:
        """Wait for the connection. Raises StoreUnavailable after `timeout` seconds, saying why."""
        try:
            await asyncio.wait_for(self._ready.wait(), timeout)
        except TimeoutError:
            raise StoreUnavailable(f"Postgres cannot be reached: {self._why}") from None

    def listen(self, channel: Channel, name: str, call: Call) -> None:
        """Call when the channel speaks of the name; several calls may stand for one notification and the reverse."""
        self._calls.setdefault((channel, name), set()).add(call)

    def unlisten(self, channel: Channel, name: str, call: Call) -> None:
        calls = self._calls.get((channel, name), set())
        calls.discard(call)
        if not calls:
            self._calls.pop((channel, name), None)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
            self._on_state("closed", "")

    async def _stay_connected(self) -> None:
        attempts = self._attempts()
        while True:
            try:
                connection = await self._connect()
            except Exception as error:  # noqa: BLE001 - whatever goes wrong, the next attempt must come
                self._why = str(error) or repr(error)
                self._on_state("failed", self._why)
            else:
                attempts = self._attempts()
                await self._serve(connection)
            await asyncio.sleep(next(attempts))

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        async with asyncio.timeout(self._limits.connect_timeout):
            connection = await asyncpg.connect(self._dsn, command_timeout=self._limits.reply_timeout)
        try:
            if self._on_connect is not None:
                await self._on_connect(connection)
            for channel in CHANNELS:
                await connection.add_listener(channel, self._heard)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _serve(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        self._ready.set()
        self._on_state("ready", "")
        self._wake_all()  # whatever was said while nobody listened
        try:
            self._why = await self._until_lost(connection, gone)
        finally:
            self._ready.clear()
            connection.terminate()
        self._wake_all()
        self._on_state("lost", self._why)

    async def _until_lost(self, connection: "asyncpg.Connection[asyncpg.Record]", gone: asyncio.Event) -> str:
        """Why the connection came to its end; one that went silent is found by asking."""
        while not gone.is_set():
            try:
                async with asyncio.timeout(self._limits.ping_every):  # `wait_for` may lose a cancellation
                    await gone.wait()
            except TimeoutError:
                try:
                    async with asyncio.timeout(self._limits.ping_every):
                        await connection.execute("SELECT 1")
                except TROUBLE as error:
                    return str(error) or "no answer"
        return "the server closed the connection"

    def _attempts(self) -> Iterator[float]:
        return pauses(self._limits.backoff_first, self._limits.backoff_most, self._random)

    def _heard(self, _connection: Any, _pid: int, channel: str, name: object) -> None:
        for call in tuple(self._calls.get((channel, str(name)), ())):
            call()

    def _wake_all(self) -> None:
        for calls in tuple(self._calls.values()):
            for call in tuple(calls):
                call()
