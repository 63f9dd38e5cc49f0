"""An HTTP endpoint that completes every job at once and counts how often it was called for each."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Self, cast

DEADLINE = 40.0

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
_LENGTH = b"content-length: "
_ID = b'"id":"'


class CountingEndpoint:
    """`calls` counts by job id."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    @property
    def again(self) -> int:
        """How many calls were for a job that had been called for before."""
        return self.calls.total() - len(self.calls)

    def called(self, job_id: str) -> None:
        self.calls[job_id] += 1
        self._news.set()

    async def has_seen(self, jobs: int, timeout: float = DEADLINE) -> None:
        """Wait until it was called for so many different jobs; those of different queues share their ids."""
        await self._until(lambda: len(self.calls), jobs, timeout)

    async def was_called(self, times: int, timeout: float = DEADLINE) -> None:
        await self._until(self.calls.total, times, timeout)

    async def _until(self, count: Callable[[], int], wanted: int, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                while count() < wanted:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"{count()} of {wanted} within {timeout} s") from None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()


class _Connection(asyncio.Protocol):
    """Knows just enough of HTTP for a client that sends one request at a time with a Content-Length."""

    def __init__(self, endpoint: CountingEndpoint) -> None:
        self._endpoint = endpoint
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if _is_whole(self._buffer):
            begin = self._buffer.index(_ID) + len(_ID)
            self._endpoint.called(self._buffer[begin : self._buffer.index(b'"', begin)].decode())
            self._buffer = b""
            self._transport.write(_ANSWER)


def _is_whole(data: bytes) -> bool:
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return False
    begin = data[:head].lower().index(_LENGTH) + len(_LENGTH)
    return len(data) >= head + 4 + int(data[begin : begin + 10].partition(b"\r")[0])
