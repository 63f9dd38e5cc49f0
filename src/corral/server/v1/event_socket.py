"""The native events WebSocket: what the event stream sends, one JSON message each, at the client's pace."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec

from corral.model.errors import CorralError
from corral.operations.reply import Stream
from corral.server.http.message import Socket

_INTERNAL_ERROR = 1011
_encode = msgspec.json.Encoder().encode


class EventSocket:
    """Sends until it is closed. While the client reads slowly nothing is produced; events wait in the store."""

    def __init__(self, start: Callable[[], Awaitable[Stream]]) -> None:
        self._start = start
        self._socket: Socket | None = None
        self._writable = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None

    def opened(self, socket: Socket) -> None:
        self._socket = socket
        self._sending = asyncio.get_running_loop().create_task(self._send())

    def received(self, message: bytes) -> None:
        """Nothing is expected of the client."""

    def writable(self) -> None:
        self._writable.set()

    def closed(self, code: int) -> None:
        self._socket = None
        if self._sending is not None:
            self._sending.cancel()

    async def _send(self) -> None:
        try:
            stream = await self._start()
            await self._pass_on(stream.items)
        except CorralError as error:
            if self._socket is not None:
                self._socket.close(_INTERNAL_ERROR, str(error))

    async def _pass_on(self, items: AsyncIterator[Any]) -> None:
        async for item in items:
            if self._socket is None:
                return
            self._socket.send(_encode(item))
            if self._socket.paused:
                self._writable.clear()
                await self._writable.wait()
