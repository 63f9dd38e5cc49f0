"""A client of server-sent events that hides nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tests.acceptance.client import Client

DEADLINE = 30.0


class Event(NamedTuple):
    """One event of the stream."""

    id: str
    event: str
    data: dict[str, Any]


class EventStream:
    """An open stream."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def next(self) -> Event:
        """The next event; comments are passed over."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(DEADLINE):
            while True:
                line = (await self._reader.readline()).decode()
                assert line, "the stream has ended"
                name, colon, value = line.rstrip("\r\n").partition(": ")
                if colon and name:
                    fields[name] = value
                elif not line.strip() and "data" in fields:
                    return Event(fields["id"], fields["event"], json.loads(fields["data"]))

    async def take(self, count: int) -> list[Event]:
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def listening(client: Client, path: str, **headers: str) -> AsyncIterator[EventStream]:
    """Open the stream and leave it at the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    sent = {"host": "x", "authorization": f"Bearer {client.token}", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in sent.items())
    writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    async with asyncio.timeout(DEADLINE):
        status = await reader.readline()
        assert b" 200 " in status, status + await reader.read(500)
        while (await reader.readline()).strip():
            pass
        await reader.readuntil(b"retry: 2000")
    try:
        yield EventStream(reader)
    finally:
        writer.transport.abort()
