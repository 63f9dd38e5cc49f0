"""A connection pooler in transaction mode for tests: what is left in a session is found by whoever comes next."""

import asyncio
import contextlib
import struct
from typing import Self

from corral.testing.engines import free_port

_ENCRYPTION_REQUESTS = (80877103, 80877104)
_ASKS = b"SQF"  # Sync, Query, FunctionCall: each is answered by one ReadyForQuery
_IDLE = b"I"
_Message = tuple[bytes, bytes]


class TransactionPooler:
    """Between clients and a Postgres without passwords: each transaction gets the connection that rested longest.

    It has as many connections to the server as there were clients at once. Knows nothing of prepared statements.
    """

    def __init__(self, server_port: int) -> None:
        self.port = free_port()
        self.transactions = 0
        self._server_port = server_port
        self._resting: asyncio.Queue[_Server] = asyncio.Queue()
        self._servers: list[_Server] = []
        self._clients: set[asyncio.Task[None]] = set()

    def url(self, url: str) -> str:
        """The URL of the server, by way of the pooler."""
        return url.replace(f":{self._server_port}/", f":{self.port}/")

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        for server in self._servers:
            server.writer.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)
        task.add_done_callback(lambda _: writer.close())  # also when it was cancelled before it ran

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            await self._welcome(reader, writer)
            while True:
                first = await _read(reader)
                if first[0] == b"X":
                    return
                server = await self._resting.get()
                self.transactions += 1
                await server.transact(first, reader, writer)
                self._resting.put_nowait(server)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each client brings a connection into the pool, whose greeting it gets."""
        while True:
            head = await reader.readexactly(8)
            length, code = struct.unpack(">II", head)
            if code not in _ENCRYPTION_REQUESTS:
                break
            writer.write(b"N")
        server = _Server(*await asyncio.open_connection("127.0.0.1", self._server_port))
        self._servers.append(server)
        server.writer.write(head + await reader.readexactly(length - 8))
        await server.greet(writer)
        self._resting.put_nowait(server)


class _Server:
    """One connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def transact(self, first: _Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what the client says until no transaction is open."""
        answers: asyncio.Queue[bytes] = asyncio.Queue()
        answering = asyncio.get_running_loop().create_task(self._answer(writer, answers))
        message = first
        while True:
            self.writer.write(message[1])
            if message[0] in _ASKS and await answers.get() == _IDLE:
                break
            message = await _read(reader)
        await answering

    async def greet(self, writer: asyncio.StreamWriter) -> None:
        """Pass on all that comes first."""
        await self._answer(writer, asyncio.Queue())

    async def _answer(self, writer: asyncio.StreamWriter, answers: "asyncio.Queue[bytes]") -> None:
        """Pass on what the server says until it is ready and in no transaction."""
        status = b""
        while status != _IDLE:
            kind, whole = await _read(self.reader)
            writer.write(whole)
            if kind == b"Z":
                status = whole[-1:]
                answers.put_nowait(status)


async def _read(reader: asyncio.StreamReader) -> _Message:
    kind = await reader.readexactly(1)
    length = await reader.readexactly(4)
    return kind, kind + length + await reader.readexactly(struct.unpack(">I", length)[0] - 4)
