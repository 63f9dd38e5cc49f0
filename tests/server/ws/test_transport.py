"""WebSockets end to end: a real client for what clients do, raw bytes for what they should not."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from corral.server.http import Limits, Reject, Request, Response, Session, Socket
from corral.server.ws.frames import close_frame
from corral.testing.waiting import until
from tests.server.http.kit import DEADLINE, Served, Wire, echo, gate, serving

HANDSHAKE = (
    b"GET /s HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


class Recorder:
    """A session that echoes and remembers."""

    def __init__(self) -> None:
        self.socket: Socket | None = None
        self.messages: list[bytes] = []
        self.codes: list[int] = []
        self.drained = 0

    def opened(self, socket: Socket) -> None:
        self.socket = socket

    def received(self, message: bytes) -> None:
        self.messages.append(message)
        self.send(message)

    def closed(self, code: int) -> None:
        self.codes.append(code)

    def writable(self) -> None:
        self.drained += 1

    def send(self, message: bytes) -> None:
        assert self.socket is not None
        self.socket.send(message)

    async def ended(self) -> int:
        await until(lambda: self.codes)
        (code,) = self.codes
        return code


@asynccontextmanager
async def open_raw(
    session: Session | Reject, limits: Limits | None = None, extra: bytes = b""
) -> AsyncIterator[tuple[Served, Wire]]:
    async with serving(upgrade=lambda _: session, limits=limits) as served, served.wire() as wire:
        wire.send(HANDSHAKE + extra + b"\r\n")
        assert (await wire.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        yield served, wire


@asynccontextmanager
async def client(served: Served, compression: Literal["deflate"] | None = None) -> AsyncIterator[ClientConnection]:
    url = f"ws://127.0.0.1:{served.server.port}/s"
    async with asyncio.timeout(DEADLINE * 2), connect(url, compression=compression, max_size=None) as socket:
        yield socket


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    """A masked client frame."""
    mask = b"\x01\x02\x03\x04"
    first = (0x80 if fin else 0) | rsv | opcode
    size = len(payload)
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 65536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes((first,)) + length + mask + masked


def close_of(data: bytes) -> int:
    """The code of the close frame that `data` ends with."""
    start = data.rindex(b"\x88")
    return int.from_bytes(data[start + 2 : start + 4], "big")


# What clients do.


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_messages_of_all_sizes_come_back(compression: Literal["deflate"] | None) -> None:
    session = Recorder()
    sizes = [0, 1, 125, 126, 1024, 1025, 65_535, 65_536, 3_000_000]
    async with serving(upgrade=lambda _: session) as served, client(served, compression) as socket:
        for size in sizes:
            text = "é" * (size // 2) + "x" * (size % 2)
            await socket.send(text)
            assert await socket.recv() == text
        await socket.send(bytes(10))
        assert await socket.recv(decode=False) == bytes(10)


async def test_compression_is_used_both_ways_and_only_for_large_messages() -> None:
    session = Recorder()
    async with open_raw(session, extra=DEFLATE) as (_, wire):
        deflater = zlib.compressobj(wbits=-15)
        payload = deflater.compress(b"a" * 5000) + deflater.flush(zlib.Z_SYNC_FLUSH)
        wire.send(frame(1, payload[:-4], rsv=0x40) + frame(1, b"small"))
        head = await wire.reader.readexactly(2)
        assert head[0] == 0xC1
        assert head[1] < 126
        await wire.reader.readexactly(head[1])
        assert await wire.reader.readexactly(7) == b"\x81\x05small"
    assert session.messages == [b"a" * 5000, b"small"]


async def test_compression_can_be_switched_off() -> None:
    limits = Limits(compression=False)
    async with serving(upgrade=lambda _: Recorder(), limits=limits) as served, client(served, "deflate") as socket:
        assert "Sec-WebSocket-Extensions" not in (socket.response.headers if socket.response else {})
        await socket.send("x" * 2000)
        assert await socket.recv() == "x" * 2000


async def test_fragments_make_one_message_with_control_frames_between() -> None:
    session = Recorder()
    async with open_raw(session) as (_, wire):
        wire.send(frame(1, b"a", fin=False) + frame(9, b"p") + frame(0, b"b", fin=False) + frame(0, b"c"))
        assert await wire.reader.readexactly(8) == b"\x8a\x01p\x81\x03abc"
    assert session.messages == [b"abc"]


async def test_what_comes_with_the_handshake_is_not_lost() -> None:
    session = Recorder()
    async with serving(upgrade=lambda _: session) as served, served.wire() as wire:
        wire.send(HANDSHAKE + b"\r\n" + frame(1, b"early"))
        await wire.until(b"\r\n\r\n\x81\x05early")


async def test_a_handshake_waits_for_the_answers_before_it() -> None:
    opened, handle = gate()
    async with serving(handle, lambda _: Recorder()) as served, served.wire() as wire:
        wire.send(b"GET /a HTTP/1.1\r\n\r\n" + HANDSHAKE + b"\r\n" + frame(1, b"early"))
        opened.set()
        assert (await wire.answer()).status == 200
        assert (await wire.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        await wire.until(b"\x81\x05early")


async def test_messages_of_one_tick_leave_in_order() -> None:
    session = Recorder()
    async with serving(upgrade=lambda _: session) as served, client(served) as socket:
        await until(lambda: session.socket)
        for number in range(5000):
            session.send(b"%d" % number)
        assert [int(await socket.recv()) for _ in range(5000)] == list(range(5000))


async def test_sockets_know_their_request() -> None:
    session = Recorder()
    async with serving(upgrade=lambda _: session) as served, client(served):
        await until(lambda: session.socket)
        assert session.socket is not None
        assert (session.socket.peer, session.socket.request.path) == ("127.0.0.1", "/s")


# Handshakes.


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Sec-WebSocket-Version: 13\r\n", b"Sec-WebSocket-Version: 12\r\n", 426),
        (b"Sec-WebSocket-Version: 13\r\n", b"", 426),
        (b"AAAAAAAAAAAAAAAAAAAAAA==", b"short", 400),
        (b"AAAAAAAAAAAAAAAAAAAAAA==", b"\xff\xfe", 400),
        (b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", b"", 400),
        (b"HTTP/1.1", b"HTTP/1.0", 400),
    ],
)
async def test_bad_handshakes_are_refused(old: bytes, new: bytes, status: int) -> None:
    async with serving(upgrade=lambda _: Recorder()) as served:
        said = await served.ask(HANDSHAKE.replace(old, new) + b"\r\n")
    assert said.startswith(b"HTTP/1.1 %d " % status)


async def test_the_application_may_refuse_in_http() -> None:
    async with serving(upgrade=lambda _: Response(401, b"Unauthorized")) as served:
        with pytest.raises(websockets.InvalidStatus, match="401"):
            async with client(served):
                pass


async def test_the_application_may_fail() -> None:
    def fail(request: Request) -> Response:
        raise RuntimeError("secret")

    async with serving(upgrade=fail) as served:
        said = await served.ask(HANDSHAKE + b"\r\n")
        assert said.startswith(b"HTTP/1.1 500 ")
        assert b"secret" not in said
        assert len(served.errors) == 1


async def test_a_post_is_no_handshake() -> None:
    async with serving(echo, lambda _: Recorder()) as served:
        said = await served.ask(HANDSHAKE.replace(b"GET", b"POST") + b"Connection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200 ")


# Closing.


async def test_reject_accepts_and_closes_with_its_code() -> None:
    async with serving(upgrade=lambda _: Reject(4000, "Invalid authentication")) as served:
        async with client(served) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (4000, "Invalid authentication")
        await served.no_connections()


async def test_the_peers_close_is_echoed_and_reported() -> None:
    session = Recorder()
    async with open_raw(session) as (served, wire):
        wire.send(frame(8, b"\x0f\xa1bye"))
        assert await wire.rest() == b"\x88\x02\x0f\xa1"
        assert await session.ended() == 4001
        await served.no_connections()


async def test_a_close_without_a_code_is_1005() -> None:
    session = Recorder()
    async with open_raw(session) as (_, wire):
        wire.send(frame(8))
        assert await wire.rest() == b"\x88\x00"
        assert await session.ended() == 1005


async def test_our_close_is_reported_once_the_peer_answered() -> None:
    session = Recorder()
    async with serving(upgrade=lambda _: session) as served, client(served) as socket:
        await until(lambda: session.socket)
        assert session.socket is not None
        session.socket.close(4009, "enough")
        session.send(b"too late")
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert (socket.close_code, socket.close_reason) == (4009, "enough")
        assert await session.ended() == 4009


async def test_a_peer_that_does_not_answer_a_close_is_dropped() -> None:
    session = Recorder()
    async with open_raw(session, Limits(close_timeout=0.05)) as (served, wire):
        assert session.socket is not None
        session.socket.close(1000)
        assert await wire.reader.readexactly(4) == b"\x88\x02\x03\xe8"
        assert await session.ended() == 1000
        await served.no_connections()


async def test_a_broken_connection_is_1006() -> None:
    session = Recorder()
    async with open_raw(session) as (served, wire):
        wire.writer.transport.abort()
        assert await session.ended() == 1006
        await served.no_connections()


async def test_a_session_that_fails_closes_with_1011() -> None:
    class Failing(Recorder):
        def received(self, message: bytes) -> None:
            raise RuntimeError("secret")

    session = Failing()
    async with serving(upgrade=lambda _: session) as served, client(served) as socket:
        await socket.send("x")
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1011
        assert "secret" not in (socket.close_reason or "")
        assert [str(error) for error in served.errors] == ["secret"]


async def test_stop_closes_with_1001_and_waits_for_the_answer() -> None:
    session = Recorder()
    async with serving(upgrade=lambda _: session) as served, client(served) as socket:
        await until(lambda: session.socket)
        await served.server.stop(DEADLINE)
        assert served.server.connections == 0
        assert await session.ended() == 1001
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1001


async def test_stop_drops_a_peer_that_does_not_answer() -> None:
    session = Recorder()
    async with open_raw(session) as (served, _):
        await served.server.stop(0.02)
        assert served.server.connections == 0
        assert await session.ended() == 1001


async def test_a_session_that_does_not_retire_in_time_is_told_and_dropped() -> None:
    class Stubborn(Recorder):
        def retire(self) -> None:
            pass

    session = Stubborn()
    async with open_raw(session) as (served, wire):
        await served.server.stop(0.02)
        assert close_of(await wire.rest()) == 1001
        assert await session.ended() == 1001


# What clients should not do.


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(3, b"x"), 1002),
        (frame(0, b"x"), 1002),
        (frame(1, b"x", fin=False) + frame(1, b"y"), 1002),
        (frame(9, b"x", fin=False), 1002),
        (frame(9, b"x" * 126), 1002),
        (frame(1, b"x", rsv=0x40), 1002),
        (frame(2, b"x", rsv=0x20), 1002),
        (frame(9, b"x", rsv=0x10), 1002),
        (b"\x81\x01x", 1002),
        (frame(8, b"x"), 1002),
        (frame(8, b"\x00\x00"), 1002),
        (frame(8, b"\x03\xee"), 1002),
        (frame(8, b"\x03\xe8\xff"), 1007),
        (frame(1, b"\xff"), 1007),
        (frame(1, b"\xc3", fin=False) + frame(0, b"x"), 1007),
        (frame(1, b"x" * 1001), 1009),
        (frame(1, b"x" * 600, fin=False) + frame(0, b"x" * 600), 1009),
    ],
)
async def test_violations_are_closed_with_the_right_code(data: bytes, code: int) -> None:
    session = Recorder()
    async with open_raw(session, Limits(message=1000, linger=0.05)) as (served, wire):
        wire.send(data)
        assert close_of(await wire.rest()) == code
        assert await session.ended() == code
        await served.no_connections()
    assert session.messages == []


@pytest.mark.parametrize(("payload", "code"), [(zlib.compress(bytes(10**6), wbits=-15), 1009), (b"\xff" * 9, 1002)])
async def test_hostile_compression(payload: bytes, code: int) -> None:
    session = Recorder()
    async with open_raw(session, Limits(message=2000), DEFLATE) as (_, wire):
        wire.send(frame(1, payload, rsv=0x40))
        assert close_of(await wire.rest()) == code
    assert session.messages == []


async def test_the_close_arrives_though_the_peer_keeps_sending() -> None:
    async with open_raw(Recorder(), Limits(message=1000, linger=10)) as (_, wire):
        wire.send(frame(1, bytes(3_000_000)))
        assert close_of(await wire.rest()) == 1009


async def test_nothing_is_delivered_after_a_close() -> None:
    session = Recorder()
    async with open_raw(session) as (_, wire):
        wire.send(frame(8, b"\x03\xe8") + frame(1, b"late") + frame(9))
        assert await wire.rest() == b"\x88\x02\x03\xe8"
    assert session.messages == []


# Silence and slowness.


async def test_a_silent_peer_is_pinged_and_then_dropped() -> None:
    session = Recorder()
    async with open_raw(session, Limits(ping_idle=0.03, ping_timeout=0.05)) as (served, wire):
        assert await wire.reader.readexactly(2) == b"\x89\x00"
        wire.send(frame(10))
        assert await wire.reader.readexactly(2) == b"\x89\x00"
        assert await wire.rest() == b""
        assert await session.ended() == 1006
        await served.no_connections()


async def test_a_slow_consumer_is_noticed_and_told_when_it_may_go_on() -> None:
    session = Recorder()
    async with serving(upgrade=lambda _: session) as served, client(served) as socket:
        await until(lambda: session.socket)
        assert session.socket is not None
        sent = 0
        while not session.socket.paused:
            session.send(b"x" * 100_000)
            sent += 1
        assert session.socket.buffered > 0
        for _ in range(sent):
            assert len(await socket.recv()) == 100_000
        await until(lambda: session.drained)
        assert not session.socket.paused


async def test_a_consumer_far_behind_is_closed_with_1013_and_memory_stays_bounded() -> None:
    session = Recorder()
    limits = Limits(buffered=1_000_000)
    async with open_raw(session, limits) as (_, wire):
        assert session.socket is not None
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        highest = 0
        for _ in range(3000):
            session.send(b"x" * 50_000)
            highest = max(highest, session.socket.buffered)
        assert highest < 1_200_000
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(DEADLINE):
            tail = b""
            while close_frame(1013, "reading too slowly") not in tail:
                tail = tail[-30:] + await wire.reader.read(1_000_000)
        wire.send(frame(8, b"\x03\xf5"))
        assert await session.ended() == 1013


async def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    session = Recorder()
    async with open_raw(session, Limits(buffered=10_000_000)) as (_, wire):
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        message = frame(2, b"x" * 50_000)
        for _ in range(1000):
            wire.send(message)
        await until(lambda: session.socket and session.socket.paused)
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(DEADLINE):
            await wire.reader.readexactly(1000 * 50_004)
    assert len(session.messages) == 1000


async def test_a_peer_that_stops_reading_is_dropped() -> None:
    session = Recorder()
    async with open_raw(session, Limits(write_timeout=0.1)) as (served, wire):
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        assert session.socket is not None
        while not session.socket.paused:
            session.send(b"x" * 100_000)
        assert await session.ended() == 1006
        await served.no_connections()


async def test_a_session_may_hold_the_flow() -> None:
    class Busy(Recorder):
        def received(self, message: bytes) -> None:
            self.messages.append(message)
            assert self.socket is not None
            self.socket.hold(True)

    session = Busy()
    limits = Limits(ping_idle=0.1, ping_timeout=0.1)
    async with open_raw(session, limits) as (_, wire), serving(limits=Limits(idle_timeout=0.4)) as other:
        wire.send(frame(1, b"one"))
        await until(lambda: session.messages)
        wire.send(frame(1, b"two"))
        assert await other.ask(b"") == b""  # closed when idle: well after the socket's ping time-out
        assert session.messages == [b"one"]
        assert session.codes == []
        assert session.socket is not None
        session.socket.hold(False)
        await until(lambda: len(session.messages) == 2)


async def test_a_session_may_hold_the_flow_from_the_start() -> None:
    class Shy(Recorder):
        def opened(self, socket: Socket) -> None:
            super().opened(socket)
            socket.hold(True)

    opened, handle = gate()
    session = Shy()
    async with serving(handle, lambda _: session) as served, served.wire() as wire:
        wire.send(b"GET /a HTTP/1.1\r\n\r\n" + HANDSHAKE + b"\r\n")
        opened.set()
        await wire.until(b"HTTP/1.1 101 ")
        await wire.until(b"\r\n\r\n")
        wire.send(frame(1, b"one"))
        assert b"200 OK" in await served.ask(b"GET / HTTP/1.0\r\n\r\n")
        assert session.messages == []
        assert session.socket is not None
        session.socket.hold(False)
        await wire.until(b"\x81\x03one")


async def test_a_big_message_does_not_cost_memory_for_ever() -> None:
    session = Recorder()
    async with serving(upgrade=lambda _: session) as served, client(served) as socket:
        await socket.send(bytes(8_000_000))
        assert len(await socket.recv()) == 8_000_000
        await socket.send("small")
        assert await socket.recv() == "small"
        (guest,) = served.server._service.guests
        assert len(guest.get_buffer(-1)) < 100_000  # type: ignore[attr-defined]
