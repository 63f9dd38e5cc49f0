"""Streamed answers: framing, back-pressure, and an end in every case."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from corral.server.http import Limits, Request, Response, StreamResponse
from corral.testing.waiting import until
from tests.server.http.kit import DEADLINE, Handle, echo, serving

GET = b"GET /s HTTP/1.1\r\n\r\n"


class Source:
    """Yields what it is given, and knows how it ended."""

    def __init__(self, *, failing: bool = False) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.taken = 0
        self._seen = 0
        self._failing = failing

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while (chunk := await self.queue.get()) is not None:
                self.taken += 1
                yield chunk
            if self._failing:
                raise RuntimeError("midway")
        finally:
            self.closed.set()

    def put(self, *chunks: bytes | None) -> None:
        for chunk in chunks:
            self.queue.put_nowait(chunk)

    def at_rest(self) -> bool:
        """Whether nothing was taken since the last time this was asked."""
        before, self._seen = self._seen, self.taken
        return before == self.taken > 0

    async def ended(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self.closed.wait()


def streaming(source: Source, *, endless: bool = False) -> Handle:
    async def handle(request: Request) -> Response | StreamResponse:
        if request.path != "/s":
            return echo(request)
        headers = (("cache-control", "no-store"),)
        return StreamResponse(200, "text/event-stream", headers, source.chunks(), endless)

    return handle


async def test_chunks_are_sent_as_they_come_and_the_connection_goes_on() -> None:
    source = Source()
    async with serving(streaming(source)) as served, served.wire() as wire:
        wire.send(GET)
        head = await wire.until(b"\r\n\r\n")
        assert b"transfer-encoding: chunked\r\n" in head
        assert b"content-type: text/event-stream\r\ncache-control: no-store\r\n" in head
        for part in (b"one", b"two" * 10_000):
            source.put(b"", part)
            assert await wire.chunk() == part
        source.put(None)
        assert await wire.chunk() == b""
        await source.ended()
        wire.send(b"GET /next HTTP/1.1\r\n\r\n")
        assert (await wire.answer()).body == b"GET /next? "


async def test_http_1_0_gets_the_bytes_and_then_the_end() -> None:
    source = Source()
    source.put(b"one", b"two", None)
    async with serving(streaming(source)) as served:
        said = await served.ask(b"GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert said.endswith(b"\r\n\r\nonetwo")
    assert b"chunked" not in said


async def test_connection_close_ends_a_stream_by_closing() -> None:
    source = Source()
    source.put(b"one", None)
    async with serving(streaming(source)) as served:
        said = await served.ask(b"GET /s HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert said.endswith(b"\r\n\r\none")


async def test_head_sends_no_chunk_and_closes_the_source() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"never asked for"

    async def handle(request: Request) -> StreamResponse:
        return StreamResponse(200, "text/plain", (), chunks())

    async with serving(handle) as served, served.wire() as wire:
        wire.send(b"HEAD /s HTTP/1.1\r\n\r\n" * 2)
        for _ in range(2):
            assert (await wire.answer(bodiless=True)).status == 200


async def test_the_source_is_closed_when_the_client_leaves() -> None:
    source = Source()
    async with serving(streaming(source, endless=True)) as served:
        async with served.wire() as wire:
            wire.send(GET)
            source.put(b"one")
            await wire.until(b"one\r\n")
        await source.ended()
        await served.no_connections()
    assert served.errors == []


async def test_a_slow_reader_slows_the_source() -> None:
    source = Source()
    source.put(*[bytes(100_000)] * 1000, None)
    async with serving(streaming(source)) as served, served.wire() as wire:
        wire.send(GET)
        await wire.until(b"\r\n\r\n")
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(source.at_rest)
        assert source.taken < 400
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(DEADLINE):
            total = 0
            while part := await wire.chunk():
                total += len(part)
        assert total == 100_000_000


async def test_a_reader_who_stops_is_dropped_and_the_source_closed() -> None:
    source = Source()
    source.put(*[bytes(100_000)] * 1000)
    limits = Limits(write_timeout=0.1)
    async with serving(streaming(source), limits=limits) as served, served.wire() as wire:
        wire.send(GET)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await source.ended()
        await served.no_connections()


async def test_a_source_that_fails_cuts_the_answer_short() -> None:
    source = Source(failing=True)
    source.put(b"one", None)
    async with serving(streaming(source)) as served:
        said = b""
        with suppress(ConnectionResetError):
            said = await served.ask(GET)
        assert not said.endswith(b"0\r\n\r\n")
        await source.ended()
    assert [str(error) for error in served.errors] == ["midway"]


async def test_stop_ends_endless_streams_at_once_and_waits_for_the_others() -> None:
    endless, finite = Source(), Source()

    async def handle(request: Request) -> StreamResponse:
        source = endless if request.path == "/endless" else finite
        return StreamResponse(200, "text/plain", (), source.chunks(), source is endless)

    async with serving(handle) as served, served.wire() as one, served.wire() as two:
        one.send(b"GET /endless HTTP/1.1\r\n\r\n")
        two.send(b"GET /finite HTTP/1.1\r\n\r\n")
        for source, wire in ((endless, one), (finite, two)):
            source.put(b"first")
            await wire.until(b"first\r\n")
        stopping = asyncio.ensure_future(served.server.stop(DEADLINE))
        await endless.ended()
        assert not stopping.done()
        finite.put(b"last", None)
        assert await two.chunk() == b"last"
        await stopping


async def test_a_stream_begun_after_the_client_left_is_closed_too() -> None:
    opened = asyncio.Event()
    discarded = asyncio.Event()

    class Lazy:
        """An iterator that holds something from the moment it is made."""

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self

        async def __anext__(self) -> bytes:
            await asyncio.Event().wait()
            raise StopAsyncIteration

        async def aclose(self) -> None:
            discarded.set()

    async def handle(request: Request) -> StreamResponse:
        await opened.wait()
        return StreamResponse(200, "text/plain", (), Lazy(), endless=True)

    async with serving(handle) as served:
        async with served.wire() as wire:
            wire.send(GET)
            await until(lambda: served.server.connections)
        opened.set()
        async with asyncio.timeout(DEADLINE):
            await discarded.wait()
        await served.no_connections()
