"""The connection that everything but blocking reads shares: pipelined, and reconnecting by itself."""

import asyncio
from collections.abc import Callable, Sequence
from random import random as _random
from typing import Any, Literal

from corral.model.errors import StoreUnavailable
from corral.policy.reconnecting import pauses
from corral.stores.redis.address import Address
from corral.stores.redis.backlog import Backlog
from corral.stores.redis.blocking import BlockingConnection
from corral.stores.redis.dial import OnConnect, dial
from corral.stores.redis.limits import DEFAULT_LIMITS, ConnectionLimits
from corral.stores.redis.replies import ScriptMissing
from corral.stores.redis.watchdog import Watchdog
from corral.stores.redis.wire import Argument, Sender, Unsent, Wire, pack, pack_many

__all__ = [
    "BlockingConnection",
    "Connection",
    "ConnectionLimits",
    "ConnectionState",
    "ScriptMissing",
    "Sender",
]

ConnectionState = Literal["ready", "lost", "failed", "closed"]


def _unobserved(state: ConnectionState, detail: str) -> None:
    pass


class Connection:
    """Commands of one loop tick leave in one write; replies are bytes, matched in order.

    `on_connect` runs after each login, before the waiting commands, and sends on what it is given. `on_state`
    hears of `ready` (detail: the address), of `lost` and `failed` (an attempt; detail: why) and of `closed`.
    """

    __slots__ = (
        "_address", "_backlog", "_closed", "_limits", "_loop", "_name", "_on_connect", "_on_state", "_random",
        "_ready", "_task", "_wire",
    )  # fmt: skip

    def __init__(
        self,
        address: Address,
        *,
        name: str = "",
        limits: ConnectionLimits = DEFAULT_LIMITS,
        on_connect: OnConnect | None = None,
        on_state: Callable[[ConnectionState, str], None] = _unobserved,
        random: Callable[[], float] = _random,
    ) -> None:
        self._address = address
        self._name = name
        self._limits = limits
        self._on_connect = on_connect
        self._on_state = on_state
        self._random = random
        self._wire: Wire | None = None
        self._closed = False
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin connecting in the running loop; returns at once and goes on until `close`."""
        self._loop = asyncio.get_running_loop()
        self._backlog = Backlog(self._loop, self._limits)
        self._backlog.hold()
        self._task = self._loop.create_task(self._stay_connected())

    def send(self, *args: Argument, repeat: bool = False) -> asyncio.Future[Any]:
        """Send one command; the future gives its reply, or raises StoreError or StoreUnavailable.

        With `repeat` it is sent again after a lost connection, so it may take effect twice. Without a
        connection it waits up to `limits.connect_wait`. An error that nobody awaits stays silent.
        """
        packed = pack(args)
        future = self._loop.create_future()
        wire = self._wire
        if wire is not None and wire.writable:
            wire.push(future, packed, repeat)
        else:
            self._wait(Unsent([future], packed, repeat))
        return future

    def send_many(self, commands: Sequence[tuple[Argument, ...]]) -> list[asyncio.Future[Any]]:
        """Send commands with nothing in between, on one connection or not at all: `MULTI` ... `EXEC`.

        An error inside the reply to EXEC is a StoreError in its list, not raised.
        """
        unsent = pack_many(self._loop, commands)
        if self._wire is not None and self._wire.writable:
            self._wire.push_many(unsent)
        else:
            self._wait(unsent)
        return unsent.futures

    def flush(self) -> None:
        """Write what was sent so far now, not at the end of the tick."""
        if self._wire is not None:
            self._wire.flush()

    @property
    def is_ready(self) -> bool:
        return self._wire is not None and self._wire.ended is None

    async def ready(self, timeout: float | None = None) -> None:
        """Wait until commands go out. Raises StoreUnavailable after `timeout` seconds, saying why."""
        try:
            async with asyncio.timeout(timeout):
                while not self.is_ready:
                    self._ready.clear()
                    await self._ready.wait()
        except TimeoutError:
            raise StoreUnavailable(f"{self._address} cannot be reached: {self._backlog.why}") from None

    async def close(self) -> None:
        """Stop; what is in flight or waits fails with StoreUnavailable. Never waits for the engine."""
        if self._closed or self._task is None:
            return
        self._closed = True
        if self._wire is not None:
            self._wire.drop("closed")
        self._task.cancel()
        await asyncio.wait([self._task])
        self._backlog.clear("the connection is closed")
        self._tell("closed", "")

    def _wait(self, unsent: Unsent) -> None:
        self._backlog.push(unsent)
        if self._closed:
            self._backlog.clear("the connection is closed")

    async def _stay_connected(self) -> None:
        limits = self._limits
        attempts = pauses(limits.backoff_first, limits.backoff_most, self._random)
        while True:
            try:
                wire = await dial(self._address, self._name, limits, self._on_connect)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong, the next attempt must come
                self._backlog.why = str(error) or repr(error)
                self._tell("failed", self._backlog.why)
            else:
                if await self._serve(wire) > limits.backoff_most:
                    attempts = pauses(limits.backoff_first, limits.backoff_most, self._random)
            await asyncio.sleep(next(attempts))

    async def _serve(self, wire: Wire) -> float:
        """Let commands through until the wire ends; how many seconds it lasted."""
        began = self._loop.time()
        watchdog = Watchdog(self._loop, wire, self._limits.reply_timeout)
        self._wire = wire
        wire.on_writable = self._drain
        self._backlog.release()
        self._drain()
        self._ready.set()
        self._tell("ready", str(self._address))
        try:
            await wire.lost
        finally:
            watchdog.stop()
            self._wire = None
            self._backlog.why = wire.ended or "closed"
            self._backlog.hold(wire.left)
        self._tell("lost", self._backlog.why)
        return self._loop.time() - began

    def _drain(self) -> None:
        wire, backlog = self._wire, self._backlog
        while backlog and wire is not None and wire.writable:
            unsent = backlog.pop()
            if not all(future.done() for future in unsent.futures):
                wire.push_many(unsent)

    def _tell(self, state: ConnectionState, detail: str) -> None:
        # From the loop, so that an observer that raises cannot break the connection.
        self._loop.call_soon(self._on_state, state, detail)
