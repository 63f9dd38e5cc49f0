"""A cheap WebSocket client: it counts answers and builds frames by hand, masked with zeros."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import Callable, Iterator
from typing import cast

_OPEN_SECONDS = 10.0
_NO_MASK = b"\0\0\0\0"
_TEXT = 0x81
_MASKED = 0x80

Received = Callable[["Client", list[bytes]], None]


def frame(text: bytes) -> bytes:
    """One text message from a client; a mask of zeros is as valid as any other and costs nothing."""
    if len(text) < 126:
        return bytes((_TEXT, _MASKED | len(text))) + _NO_MASK + text
    return struct.pack("!BBH", _TEXT, _MASKED | 126, len(text)) + _NO_MASK + text


def add_request(number: int, data: object) -> bytes:
    """The message that adds one job."""
    return frame(json.dumps({"id": number, "data": {"fn": "add", "args": ["job", data]}}).encode())


async def connect(port: int, path: str, received: Received) -> "Client":
    """An open socket. Raises ConnectionError when the server refuses it, TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_OPEN_SECONDS):
        _, client = await loop.create_connection(lambda: Client(path, received), "127.0.0.1", port)
        await client.opened
    return client


class Client(asyncio.Protocol):
    """Hands each chunk's whole messages to `received` at once, so that it may answer them in one write."""

    def __init__(self, path: str, received: Received) -> None:
        self._path = path
        self._received = received
        self._buffer = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.write = self._transport.write
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {self._path} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"]
        self.write("\r\n".join([*lines, "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self._buffer = rest
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(head.decode()))
                return
            self.opened.set_result(None)
        messages = list(self._messages())
        if messages:
            self._received(self, messages)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed"))

    def close(self) -> None:
        self._transport.abort()

    def _messages(self) -> Iterator[bytes]:
        buffer, at = self._buffer, 0
        while len(buffer) >= at + 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
            if len(buffer) < max(start, start + length):
                break
            yield buffer[start : start + length]
            at = start + length
        self._buffer = buffer[at:]
