"""A server around two functions, and a client that speaks in raw bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from corral.server.http import HttpServer, Limits, Reject, Request, Response, Session, StreamResponse
from corral.testing.waiting import until

DEADLINE = 30.0
Handle = Callable[[Request], Response | Awaitable[Response | StreamResponse]]
Upgrade = Callable[[Request], Session | Response | Reject]


def echo(request: Request) -> Response:
    """Answers with what came in."""
    return Response(200, f"{request.method} {request.path}?{request.query} ".encode() + request.body)


def refuse(request: Request) -> Response:
    """Opens no WebSocket."""
    return Response(404, b"Not found")


@dataclass(slots=True)
class Scripted:
    """An application made of two functions."""

    handle: Handle = echo
    upgrade: Upgrade = refuse


@dataclass(slots=True)
class Served:
    """A running server and what its application failed with."""

    server: HttpServer
    errors: list[BaseException] = field(default_factory=list)

    @asynccontextmanager
    async def wire(self) -> AsyncIterator["Wire"]:
        """A raw connection to it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            yield Wire(reader, writer)
        finally:
            writer.transport.abort()

    async def ask(self, data: bytes) -> bytes:
        """Everything the server says to `data` on a connection of its own, up to its end."""
        async with self.wire() as wire:
            wire.send(data)
            return await wire.rest()

    async def no_connections(self) -> None:
        """Wait until the server has noticed that all clients are gone."""
        await until(lambda: not self.server.connections)


@asynccontextmanager
async def serving(
    handle: Handle = echo, upgrade: Upgrade = refuse, limits: Limits | None = None
) -> AsyncIterator[Served]:
    """A server for the length of a test."""
    errors: list[BaseException] = []
    server = HttpServer(
        Scripted(handle, upgrade), limits=limits or Limits(), on_error=lambda _, error: errors.append(error)
    )
    await server.start()
    try:
        yield Served(server, errors)
    finally:
        await server.stop(0)


@dataclass(slots=True)
class Answer:
    """One parsed response."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """A client that sends exactly what it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        """Write without waiting."""
        self.writer.write(data)

    def finish(self) -> None:
        """Close our sending side only."""
        self.writer.write_eof()

    async def until(self, mark: bytes) -> bytes:
        """Everything up to and including `mark`."""
        async with asyncio.timeout(DEADLINE):
            return await self.reader.readuntil(mark)

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(DEADLINE):
            return await self.reader.read()

    async def answer(self, *, bodiless: bool = False) -> Answer:
        """The next response, chunked or not."""
        head = (await self.until(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = b""
        if "transfer-encoding" in headers and not bodiless:
            body = await self._chunks()
        elif not bodiless:
            async with asyncio.timeout(DEADLINE):
                body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split()[1]), headers, body)

    async def chunk(self) -> bytes:
        """The next chunk of a chunked body."""
        size = int(await self.until(b"\r\n"), 16)
        async with asyncio.timeout(DEADLINE):
            data = await self.reader.readexactly(size)
        await self.until(b"\r\n")
        return data

    async def _chunks(self) -> bytes:
        parts = []
        while part := await self.chunk():
            parts.append(part)
        return b"".join(parts)


async def turn() -> None:
    """Let the event loop go round once."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_soon(done.set)
    await done.wait()


def gate() -> tuple[asyncio.Event, Callable[[Request], Awaitable[Response]]]:
    """A handler whose answers wait for an event."""
    opened = asyncio.Event()

    async def wait(request: Request) -> Response:
        await opened.wait()
        return echo(request)

    return opened, wait
