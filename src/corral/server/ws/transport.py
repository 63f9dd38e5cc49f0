"""The server's end of one WebSocket: messages in and out, closing, pings, back-pressure."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import TypeVarTuple

from picows import WSFrame

from corral.server.http.message import Reject, Request, Session, Socket
from corral.server.http.service import Service, WriteWatch
from corral.server.ws import frames
from corral.server.ws.assembly import Assembler, Violation
from corral.server.ws.deflate import Deflate, negotiate
from corral.server.ws.handshake import acceptance
from corral.server.ws.heartbeat import Beat, Heartbeat
from corral.server.ws.parser import FrameParser

__all__ = ["Reject", "Session", "Socket", "WebSocket", "open_socket"]

_WORTH_COMPRESSING = 1024
_FLUSH_AT = 64 * 1024
_LARGEST_READ = 64 * 1024
_RETAINED_BUFFER = 256 * 1024
_REJECTED_FRAME = 4096
_Arguments = TypeVarTuple("_Arguments")


class Phase(Enum):
    """How far a connection is; `ENDING` reads on without looking until the peer has closed its side."""

    OPEN = auto()
    CLOSING = auto()
    ENDING = auto()


def open_socket(
    service: Service, transport: asyncio.Transport, request: Request, verdict: Session | Reject, rest: bytes
) -> None:
    """Answer the (valid) handshake `request` and hand the transport over; `rest` is what was read after it.

    The transport must not be reading. A `Reject` closes the socket at once.
    """
    offers = request.headers.get("sec-websocket-extensions", "") if service.limits.compression else ""
    deflate = negotiate(offers)
    socket = WebSocket(service, transport, request, deflate)
    transport.set_protocol(socket)
    transport.write(acceptance(request, deflate.answer if deflate else ""))
    socket.start(verdict, rest)


class WebSocket(asyncio.BufferedProtocol):
    """Implements `Socket`. Frames sent in one tick of the loop leave in one write."""

    def __init__(
        self, service: Service, transport: asyncio.Transport, request: Request, deflate: Deflate | None
    ) -> None:
        self.request = request
        self._service = service
        self._transport = transport
        self._deflate = deflate
        self._session: Session | None = None
        self._max_frame = service.limits.message
        self._assembler = Assembler(service.limits.message, deflate)
        self._parser = FrameParser(self._max_frame, self._frame, self._fail)
        self._phase = Phase.OPEN
        self._code = frames.BROKEN
        self._outgoing: list[bytes] = []
        self._outgoing_size = 0
        self._watch = WriteWatch(service)
        self._heartbeat = Heartbeat(service.limits, service.now)
        self._since = service.now
        self._tail = 0
        self._swollen = self._full = self._held = False
        service.join(self)

    def start(self, verdict: Session | Reject, rest: bytes) -> None:
        """Begin the conversation."""
        if isinstance(verdict, Reject):
            self._parser = FrameParser(_REJECTED_FRAME, self._frame, self._fail)
            self.close(verdict.code, verdict.reason)
        else:
            self._session = verdict
            self._guarded(verdict.opened, self)
        if rest and self._phase is not Phase.ENDING:
            self._parser.feed(rest)
        self._throttle()

    # What sessions use.

    @property
    def peer(self) -> str:
        return self.request.peer

    @property
    def paused(self) -> bool:
        return self._full

    @property
    def buffered(self) -> int:
        return self._outgoing_size + self._transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        if self._phase is not Phase.OPEN:
            return
        deflate = self._deflate
        compressed = deflate is not None and len(message) > _WORTH_COMPRESSING
        if compressed and deflate is not None:
            message = deflate.compress(message)
        self._queue(frames.header(frames.TEXT, len(message), compressed=compressed), message)

    def close(self, code: int = frames.NORMAL, reason: str = "") -> None:
        if self._phase is not Phase.OPEN:
            return
        self._phase = Phase.CLOSING
        self._code = code
        self._since = self._service.now
        self._queue(frames.close_frame(code, reason))
        self._throttle()

    def hold(self, held: bool) -> None:
        if held is not self._held:
            self._held = held
            self._heartbeat.heard = self._service.now
            self._throttle()

    # The transport calls these.

    def get_buffer(self, sizehint: int) -> memoryview:
        # picows would offer ever more room to a peer that floods us, and all it reads must be worked off at once.
        return self._parser.get_buffer(sizehint)[:_LARGEST_READ]

    def buffer_updated(self, nbytes: int) -> None:
        self._heartbeat.heard = self._service.now
        if self._phase is Phase.ENDING:
            return
        self._parser.updated(nbytes)
        if self._swollen and not self._tail:
            self._renew_parser()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._full = True
        self._watch.begin()
        self._throttle()

    def resume_writing(self) -> None:
        self._full = False
        self._heartbeat.heard = self._service.now
        self._throttle()
        writable = getattr(self._session, "writable", None)
        if writable is not None and self._phase is Phase.OPEN:
            self._guarded(writable)

    def connection_lost(self, exc: Exception | None) -> None:
        self._phase = Phase.ENDING
        self._outgoing.clear()
        self._report()
        self._service.leave(self)

    # The server calls these.

    def tick(self, now: float) -> None:
        limits = self._service.limits
        if self._phase is Phase.ENDING:
            overdue = now - self._since > limits.linger
        elif self._phase is Phase.CLOSING:
            overdue = now - self._since > limits.close_timeout
        elif self._full:
            overdue = self._watch.stalled(self.buffered)
        else:
            beat = Beat.NOTHING if self._held else self._heartbeat.check(now)
            if beat is Beat.PING:
                self._queue(frames.header(frames.PING, 0))
            overdue = beat is Beat.GIVE_UP
        if overdue:
            self._transport.abort()

    def retire(self) -> None:
        retire = getattr(self._session, "retire", None)
        if retire is not None and self._phase is Phase.OPEN:
            self._guarded(retire)
        else:
            self.close(frames.GOING_AWAY, "going away")

    def abort(self) -> None:
        self.close(frames.GOING_AWAY, "going away")
        self._flush()
        self._transport.abort()

    # Receiving.

    def _frame(self, frame: WSFrame) -> None:
        if self._phase is Phase.ENDING:
            return
        opcode: int = frame.msg_type  # type: ignore[assignment]  # an IntEnum, whatever its stub says
        if self._swollen or frame.payload_size > _RETAINED_BUFFER:
            self._swollen = True
            self._tail = frame.tail_size
        if opcode <= frames.BINARY:
            if self._phase is Phase.OPEN:
                self._data(opcode, frame)
        elif frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._fail(frames.PROTOCOL_ERROR)
        elif opcode == frames.PING and self._phase is Phase.OPEN:
            payload = frame.get_payload_as_bytes()
            self._queue(frames.header(frames.PONG, len(payload)), payload)
        elif opcode == frames.CLOSE:
            self._close_received(frames.close_code(frame.get_payload_as_bytes()))

    def _data(self, opcode: int, frame: WSFrame) -> None:
        try:
            message = self._assembler.add(opcode, frame)
        except Violation as violation:
            self._fail(violation.code)
            return
        if message is not None and self._session is not None:
            self._guarded(self._session.received, message)

    def _renew_parser(self) -> None:
        """picows never gives buffer memory back: after a big frame start afresh, between two frames."""
        self._swollen = False
        self._parser = FrameParser(self._max_frame, self._frame, self._fail)

    # Sending.

    def _queue(self, head: bytes, payload: bytes = b"") -> None:
        outgoing = self._outgoing
        if not outgoing:
            self._service.soon(self._flush)
        outgoing += (head, payload)
        self._outgoing_size += len(head) + len(payload)
        if self._outgoing_size > _FLUSH_AT:
            self._flush()

    def _flush(self) -> None:
        if not self._outgoing:
            return
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        self._outgoing_size = 0
        # One message of any size is fine, as long as the client has taken enough of those before it.
        too_slow = self._full and self._transport.get_write_buffer_size() > self._service.limits.buffered
        self._transport.write(data)
        if too_slow:
            self.close(frames.TRY_AGAIN_LATER, "reading too slowly")

    # Closing.

    def _close_received(self, code: int) -> None:
        if self._phase is Phase.OPEN:
            if not frames.may_be_sent(code):
                self._fail(frames.PROTOCOL_ERROR)
                return
            self._code = code
            self._queue(frames.close_frame(code))
        self._end()
        self._transport.close()

    def _fail(self, code: int) -> None:
        """Say why and hang up. What still comes is dropped: unread bytes would reset our frame away."""
        if self._phase is Phase.ENDING:
            return
        if self._phase is Phase.OPEN:
            self._code = code
            self._queue(frames.close_frame(code))
        self._end()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def _end(self) -> None:
        self._flush()
        self._phase = Phase.ENDING
        self._since = self._service.now
        self._throttle()
        self._report()

    def _report(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._guarded(session.closed, self._code)

    def _throttle(self) -> None:
        # A peer that does not read its answers is not read from either; a closing one must be.
        if (self._full or self._held) and self._phase is Phase.OPEN:
            self._transport.pause_reading()
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    def _guarded(self, call: Callable[[*_Arguments], None], *arguments: *_Arguments) -> None:
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever a session raises closes its socket, nothing else
            self._service.failed(self.request, error)
            self.close(frames.INTERNAL_ERROR, "internal error")
