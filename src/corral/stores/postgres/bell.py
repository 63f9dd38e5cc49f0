"""Waiting for the next notification about a name."""

import asyncio
from types import TracebackType
from typing import Self

from corral.stores.postgres.listener import Channel, Listener


class Bell:
    """Hears the listener while its `with` block lasts; what rang between two waits is not missed."""

    def __init__(self, listener: Listener, channel: Channel, name: str) -> None:
        self._listener = listener
        self._channel = channel
        self._name = name
        self._rung = asyncio.Event()

    def __enter__(self) -> Self:
        self._listener.listen(self._channel, self._name, self.ring)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._listener.unlisten(self._channel, self._name, self.ring)

    def ring(self) -> None:
        self._rung.set()

    async def rang(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds; whether it rang."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
