"""A server on loopback that does to each request what its script says, rightly or wrongly."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, Self

from corral.endpoints.http import HttpPool

DEADLINE = 30.0
AMPLE = 30.0
SOON = 0.02


class Request(NamedTuple):
    """One request as it came over the wire; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    head: bytes


Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Bytes are written, and the connection is kept."""

HANG = b""


class Origin:
    """The nth request, over all connections, gets the nth answer; the last answer is for all that follow."""

    def __init__(self, *script: Answer, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.host = host
        self.tls = tls
        self.requests: list[Request] = []
        self.opened = 0
        self.closed = 0
        self._changed = asyncio.Condition()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.authority}/"

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(condition)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        task.add_done_callback(lambda _: writer.transport.abort())  # also when it was cancelled before it ran

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    request = await read_request(reader)
                    answer = self.script[min(len(self.requests), len(self.script) - 1)]
                    await self._note(request)
                    if isinstance(answer, bytes):
                        writer.write(answer)
                    else:
                        await answer(writer)
        finally:
            self.closed += 1
            writer.transport.abort()
            async with self._changed:
                self._changed.notify_all()

    async def _note(self, request: Request) -> None:
        async with self._changed:
            self.requests.append(request)
            self._changed.notify_all()


async def post(pool: HttpPool, origin: Origin, body: bytes = b"x", timeout: float = AMPLE) -> bytes:
    """The body that comes back."""
    return (await pool.request("POST", origin.url, {}, body, timeout=timeout)).body


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body, head)


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A response with a content length; underscores in header names become hyphens."""
    fields = {"content-length": str(len(body))} | {k.replace("_", "-"): v for k, v in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body


def then_close(data: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        raise ConnectionAbortedError

    return answer


def then_reset(data: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        linger_zero = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
        raise ConnectionAbortedError

    return answer


def when(event: asyncio.Event, *pieces: bytes) -> Answer:
    """The first piece at once, the rest when the test says so."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(pieces[0])
        await event.wait()
        for piece in pieces[1:]:
            writer.write(piece)
            await writer.drain()

    return answer
