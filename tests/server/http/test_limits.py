"""What a client may not do, and that it is told so before the connection closes."""

import asyncio

import pytest

from corral.server.http import Limits
from tests.server.http.kit import gate, serving

SMALL = Limits(body=1000, head=2000, linger=10)


async def test_a_declared_body_over_the_limit_is_refused_unread() -> None:
    async with serving(limits=SMALL) as served:
        said = await served.ask(b"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert said.endswith(b"\r\n\r\nPayload too large")
    assert b"connection: close" in said


async def test_a_body_at_the_limit_is_taken() -> None:
    async with serving(limits=SMALL) as served, served.wire() as wire:
        wire.send(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
        assert (await wire.answer()).status == 200


async def test_a_chunked_body_over_the_limit_is_refused() -> None:
    chunks = b"".join(b"64\r\n" + b"x" * 100 + b"\r\n" for _ in range(11))
    async with serving(limits=SMALL) as served:
        said = await served.ask(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert said.startswith(b"HTTP/1.1 413 ")


async def test_the_refusal_arrives_though_the_client_keeps_sending() -> None:
    async with serving(limits=SMALL) as served, served.wire() as wire:
        wire.send(b"POST / HTTP/1.1\r\nContent-Length: 30000000\r\n\r\n" + bytes(3_000_000))
        assert (await wire.answer()).status == 413
        assert await wire.rest() == b""


async def test_a_refusal_waits_its_turn_in_the_pipeline() -> None:
    opened, handle = gate()
    async with serving(handle, limits=SMALL) as served, served.wire() as wire:
        wire.send(b"GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 9999\r\n\r\n")
        opened.set()
        assert [(await wire.answer()).status for _ in range(2)] == [200, 413]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 50) for n in range(50)) + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 3000,
        b"GET /" + b"y" * 3000,
        b"\r\n" * 1500,
    ],
)
async def test_a_head_over_the_limit_is_refused(head: bytes) -> None:
    async with serving(limits=SMALL) as served:
        assert (await served.ask(head)).startswith(b"HTTP/1.1 431 ")


async def test_trailers_count_as_head() -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(limits=SMALL) as served, served.wire() as wire:
        wire.send(head)
        await wire.until(b"100 Continue\r\n\r\n")
        wire.send(b"0\r\nT: " + b"y" * 3000)
        assert (await wire.answer()).status == 431


async def test_the_head_limit_does_not_count_what_comes_with_it() -> None:
    async with serving(limits=SMALL) as served, served.wire() as wire:
        wire.send(b"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n" + b"x" * 900 + b"GET / HTTP/1.1\r\n\r\n" * 90)
        for _ in range(91):
            assert (await wire.answer()).status == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon here\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_malformed_requests_are_400(nonsense: bytes) -> None:
    async with serving(limits=SMALL) as served:
        said = await served.ask(nonsense)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.endswith(b"\r\n\r\nBad Request")


async def test_the_requests_before_a_malformed_one_are_answered() -> None:
    async with serving(limits=SMALL) as served:
        said = await served.ask(b"GET /a HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n")
    assert said.index(b"200 OK") < said.index(b"400 Bad Request")


async def test_a_refusal_reaches_a_client_that_has_finished_sending() -> None:
    async with serving(limits=SMALL) as served, served.wire() as wire:
        wire.send(b"GARBAGE\r\n\r\n")
        wire.finish()
        assert (await wire.rest()).startswith(b"HTTP/1.1 400 ")
        await served.no_connections()


async def test_other_versions_are_505() -> None:
    async with serving(limits=SMALL) as served:
        assert (await served.ask(b"GET / HTTP/2.0\r\n\r\n")).startswith(b"HTTP/1.1 505 ")


@pytest.mark.parametrize(
    "half", [b"GET / HT", b"GET / HTTP/1.1\r\nA: b\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"]
)
async def test_half_a_request_times_out(half: bytes) -> None:
    async with serving(limits=Limits(request_timeout=0.05, linger=0.1)) as served:
        assert (await served.ask(half)).startswith(b"HTTP/1.1 408 ")


async def test_a_head_that_trickles_in_times_out_all_the_same() -> None:
    async with serving(limits=Limits(request_timeout=0.1, linger=0.1)) as served, served.wire() as wire:
        answer = asyncio.ensure_future(wire.rest())
        wire.send(b"GET / HTTP/1.1\r\n")
        while not answer.done():
            wire.send(b"A: b\r\n")
            await asyncio.wait({answer}, timeout=0.01)
        assert (await answer).startswith(b"HTTP/1.1 408 ")


async def test_idle_connections_are_closed_in_silence() -> None:
    async with (
        serving(limits=Limits(idle_timeout=0.5)) as served,
        served.wire() as wire,
        served.wire() as used,
    ):
        used.send(b"GET / HTTP/1.1\r\n\r\n")
        assert (await used.answer()).status == 200
        assert await wire.rest() == b""
        assert await used.rest() == b""


async def test_work_in_flight_is_not_idle() -> None:
    opened, handle = gate()
    limits = Limits(idle_timeout=0.5, request_timeout=0.5)
    async with serving(handle, limits=limits) as served, served.wire() as wire:
        wire.send(b"GET / HTTP/1.1\r\n\r\n")
        async with served.wire() as idle:
            assert await idle.rest() == b""
        assert not wire.reader.at_eof()
        opened.set()
        assert (await wire.answer()).status == 200


async def test_a_client_that_stops_reading_is_dropped() -> None:
    big = b"x" * 30_000_000
    limits = Limits(write_timeout=0.1, body=len(big))
    async with serving(limits=limits) as served, served.wire() as wire:
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        wire.send(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(big) + big)
        async with asyncio.timeout(30):
            await wire.writer.drain()
        await served.no_connections()
