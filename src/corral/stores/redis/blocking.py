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
from corral.stores.redis.wire import Argument, Wire


class BlockingConnection:
    """One blocking read at a time (`XREAD BLOCK`, `BZPOPMIN`); connects when first called."""

    __slots__ = ("_address", "_busy", "_closed", "_limits", "_name", "_pause", "_pauses", "_random", "_wire")

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
        self._busy = False
        self._closed = False
        self._pause = 0.0
        self._pauses = self._fresh_pauses()

    async def call(self, *args: Argument, timeout: float) -> Any:
        """The reply to one command whose own block time is `timeout` seconds.

        Raises StoreError, or StoreUnavailable when there is no connection, or no reply within `timeout` and
        `limits.blocking_grace`. After a failure the next call pauses before it connects, so a caller may
        simply call again. Cancelling drops the connection: no reply can reach a later call, but what the
        engine gave in that moment, such as a marker popped by BZPOPMIN, is lost.
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

    async def close(self) -> None:
        """Drop the connection; a blocked call fails with StoreUnavailable. Never waits for the engine."""
        self._closed = True
        if self._wire is not None:
            self._wire.drop("closed")

    async def _connected(self) -> Wire:
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
        return self._wire

    async def _ask(self, wire: Wire, args: tuple[Argument, ...], timeout: float) -> Any:
        future = wire.send(*args)
        try:
            async with asyncio.timeout(timeout + self._limits.blocking_grace):
                reply = await future
        except TimeoutError:
            raise StoreUnavailable(f"{self._address} did not answer in time") from None
        finally:
            if not future.done() or future.cancelled():
                wire.drop("a blocking read was given up")
        self._pause = 0.0
        self._pauses = self._fresh_pauses()
        return reply

    def _fresh_pauses(self) -> Iterator[float]:
        return pauses(self._limits.backoff_first, self._limits.backoff_most, self._random)
