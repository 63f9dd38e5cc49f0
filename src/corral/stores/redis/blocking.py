"""A connection of its own for reads that block in the engine."""

import asyncio
from collections.abc import Callable, Iterator
from random import random as _random
from typing import Any

from corral.model.errors import StoreError, StoreUnavailable
from corral.policy.reconnecting import pauses
from corral.stores.redis.address import Address
from corral.stores.redis.dial import dial
from corral.stores.redis.limits import DEFAULT_LIMITS, ConnectionLimits
from corral.stores.redis.wire import Argument, Sender, Wire

_ON_ITS_WAY = 0.01  # seconds for a read to arrive at the engine, or its reply here, before it is asked about again


class BlockingConnection:
    """One blocking read at a time (`XREAD BLOCK`, `BZPOPMIN`); connects when first called."""

    __slots__ = (
        "_address", "_asked", "_busy", "_closed", "_id", "_limits", "_name", "_pause", "_pauses", "_random", "_wire",
    )  # fmt: skip

    def __init__(
        self,
        address: Address,
        name: str = "",
        *,
        limits: ConnectionLimits = DEFAULT_LIMITS,
        random: Callable[[], float] = _random,
    ) -> None:
        self._address = address
        self._name = name
        self._limits = limits
        self._random = random
        self._wire: Wire | None = None
        self._id: asyncio.Future[int] | None = None
        self._asked: asyncio.Future[Any] | None = None
        self._busy = False
        self._closed = False
        self._pause = 0.0
        self._pauses = self._fresh_pauses()

    async def call(self, *args: Argument, timeout: float) -> Any:
        """The reply to one command whose own block time is `timeout` seconds.

        Raises StoreError, or StoreUnavailable when there is no connection, or no reply within `timeout` and
        `limits.blocking_grace`. After a failure the next call pauses before it connects, so a caller may
        simply call again. After a cancelled call the next one has a new connection, so that no reply can reach
        it that is not its own; what the engine gives to the cancelled one, such as a marker, is lost.
        """
        if self._busy:
            raise RuntimeError("a blocking connection takes one call at a time")
        if self._closed:
            raise StoreUnavailable(f"the connection to {self._address} is closed")
        self._busy = True
        try:
            wire = await self._connected()
            return await self._ask(wire, args, timeout)
        finally:
            self._busy = False

    async def end(self, sender: Sender) -> None:
        """Wait until the engine is done with the last call, which it ends early; it may be a cancelled one.

        Takes as long as the engine is silent. Raises StoreUnavailable, or StoreError where `CLIENT UNBLOCK` is refused.
        """
        while self._asked is not None and self._id is not None and not self._asked.done():
            await sender.send("CLIENT", "UNBLOCK", await asyncio.shield(self._id))
            await asyncio.wait([self._asked], timeout=_ON_ITS_WAY)

    async def close(self) -> None:
        """Drop the connection; a blocked call fails with StoreUnavailable. Never waits for the engine."""
        self._closed = True
        if self._wire is not None:
            self._wire.drop("closed")

    async def _connected(self) -> Wire:
        if self._wire is not None and self._asked is not None and not self._asked.done():
            self._wire.drop("a blocking read was given up")
        if self._wire is not None and self._wire.ended is None:
            return self._wire
        await asyncio.sleep(self._pause)
        self._pause = next(self._pauses)
        try:
            self._wire = await dial(self._address, self._name, self._limits)
        except (OSError, StoreError) as error:
            raise StoreUnavailable(f"{self._address} cannot be reached: {error}") from error
        if self._closed:
            self._wire.drop("closed")
            raise StoreUnavailable(f"the connection to {self._address} is closed")
        self._id = self._wire.send("CLIENT", "ID")
        return self._wire

    async def _ask(self, wire: Wire, args: tuple[Argument, ...], timeout: float) -> Any:
        self._asked = wire.send(*args)
        try:
            async with asyncio.timeout(timeout + self._limits.blocking_grace):
                reply = await asyncio.shield(self._asked)
        except TimeoutError:
            wire.drop("silent")
            raise StoreUnavailable(f"{self._address} did not answer in time") from None
        self._pause = 0.0
        self._pauses = self._fresh_pauses()
        return reply

    def _fresh_pauses(self) -> Iterator[float]:
        return pauses(self._limits.backoff_first, self._limits.backoff_most, self._random)
