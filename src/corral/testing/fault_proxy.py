"""A network that misbehaves on request: a proxy to put between corral and its engine in tests."""

import asyncio
import contextlib
import socket
import ssl
from typing import Self

_CHUNK = 65536
_CHUNKS_ON_THE_WAY = 1024

Chunks = asyncio.Queue[tuple[float, bytes]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FaultProxy:
    """Forwards `127.0.0.1:port` to `target` (`host:port`, or the path of a unix socket) until told otherwise.

    With `tls` it speaks TLS to its callers and plain text to the target. Use it as `async with`; all methods
    take effect at once.
    """

    host = "127.0.0.1"

    def __init__(self, target: str, *, tls: ssl.SSLContext | None = None) -> None:
        self.accepted = 0
        self.port = 0
        self._target = target
        self._tls = tls
        self._latency = 0.0
        self._flowing, self._answering = asyncio.Event(), asyncio.Event()
        self.thaw()
        self._links: dict[asyncio.Task[None], _Link] = {}
        self._listening: asyncio.Task[asyncio.Server] | None = None

    async def __aenter__(self) -> Self:
        # Bound but never listening: it keeps the port ours while `refuse` is in force.
        self._reserved = _bound(self.host, 0)
        self.port = self._reserved.getsockname()[1]
        self.accept()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.refuse()
        links = list(self._links)
        self.drop()
        if links:
            await asyncio.wait(links)
        for _ in range(2):
            await asyncio.sleep(0)  # a loop that ends forgets to close what it has only just accepted for TLS
        self._reserved.close()

    @property
    def connections(self) -> int:
        """How many connections are open through the proxy."""
        return len(self._links)

    def freeze(self) -> None:
        """Go silent in both directions, closing nothing; new connections are accepted into the silence."""
        self._flowing.clear()

    def keep_answers(self) -> None:
        """Go silent towards the callers; what they send arrives."""
        self._answering.clear()

    def thaw(self) -> None:
        """End `freeze` and `keep_answers`; what was sent in the meantime arrives."""
        self._flowing.set()
        self._answering.set()

    def strand(self) -> None:
        """Silence for ever what is open now, as when a router forgets it; new connections work."""
        for link in self._links.values():
            link.free.clear()

    def latency(self, seconds: float) -> None:
        """Let bytes arrive this much later, in each direction."""
        self._latency = seconds

    def drop(self) -> None:
        """Break every open connection."""
        for task, link in self._links.items():
            task.cancel()
            for writer in link.writers:
                writer.transport.abort()

    def refuse(self) -> None:
        """Refuse new connections; open ones stay."""
        listening, self._listening = self._listening, None
        if listening is not None and listening.done():
            listening.result().close()
        elif listening is not None:
            listening.cancel()
            self._listener.close()

    def accept(self) -> None:
        """End `refuse`."""
        if self._listening is None:
            self._listener = _bound(self.host, self.port)
            self._listener.listen()
            serving = asyncio.start_server(self._join, sock=self._listener, ssl=self._tls)
            self._listening = asyncio.get_running_loop().create_task(serving)

    def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = _Link([writer])
        task = asyncio.get_running_loop().create_task(self._carry((reader, writer), link))
        self._links[task] = link
        task.add_done_callback(self._leave)

    def _leave(self, task: asyncio.Task[None]) -> None:
        """Also when the task was cancelled before it ran."""
        for writer in self._links.pop(task).writers:
            writer.transport.abort()

    async def _carry(self, caller: Streams, link: "_Link") -> None:
        """Carry bytes both ways until one side closes."""
        ways: list[asyncio.Task[None]] = []
        try:
            await self._passable(link)
            target = await self._reach()
            link.writers.append(target[1])
            ways.append(asyncio.create_task(self._forward(caller[0], target[1], link, self._flowing)))
            ways.append(asyncio.create_task(self._forward(target[0], caller[1], link, self._answering)))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in link.writers:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _reach(self) -> Streams:
        if self._target.startswith("/"):
            return await asyncio.open_unix_connection(self._target)
        host, _, port = self._target.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))

    async def _passable(self, link: "_Link") -> None:
        await self._flowing.wait()
        await link.free.wait()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: "_Link", gate: asyncio.Event
    ) -> None:
        chunks: Chunks = asyncio.Queue(_CHUNKS_ON_THE_WAY)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._collect(reader, chunks))
            await self._deliver(chunks, writer, link, gate)

    async def _collect(self, reader: asyncio.StreamReader, chunks: Chunks) -> None:
        now = asyncio.get_running_loop().time
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await chunks.put((now() + self._latency, chunk))
        await chunks.put((now() + self._latency, b""))

    async def _deliver(self, chunks: Chunks, writer: asyncio.StreamWriter, link: "_Link", gate: asyncio.Event) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due, chunk = await chunks.get()
            if due > now():
                await asyncio.sleep(due - now())
            await gate.wait()
            await self._passable(link)
            if not chunk:
                return
            writer.write(chunk)
            await writer.drain()


class _Link:
    """One caller's connection."""

    def __init__(self, writers: list[asyncio.StreamWriter]) -> None:
        self.writers = writers
        self.free = asyncio.Event()
        self.free.set()


def _bound(host: str, port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    sock.setblocking(False)
    return sock
