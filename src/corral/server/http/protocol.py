"""One HTTP connection: requests in, answers out in the same order, one in flight at a time."""

import asyncio
from typing import Any, cast

from corral.server.http.head import CONTINUE
from corral.server.http.message import Reject, Request, Response, Session, StreamResponse
from corral.server.http.reader import Phase, RequestReader
from corral.server.http.service import FAILED, Service, WriteWatch
from corral.server.http.stepped import Stepped
from corral.server.http.stream import discard, pump
from corral.server.ws.handshake import objection
from corral.server.ws.transport import open_socket

_TIMED_OUT = Response(408, b"Request Timeout")
_STOPPING = Response(503, b"Service Unavailable")
_HEAD, _BETWEEN = Phase.HEAD, Phase.BETWEEN
_BODILESS = frozenset((204, 304))


class HttpConnection(asyncio.Protocol):
    """Bytes -> RequestReader -> app -> one write. Reads no faster than the client takes its answers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._app = service.app
        self._reader = RequestReader(service.limits, service.known)
        self._ready = self._reader.ready
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._peer = ""
        self._tls = False
        self._since = service.now
        self._current: Request | None = None
        self._work: asyncio.Future[Any] | Stepped[Any] | None = None
        self._stream: StreamResponse | None = None
        self._refusal: Response | None = None
        self._drained: asyncio.Future[None] | None = None
        self._watch = WriteWatch(service)
        self._full = self._reading_paused = self._half_closed = self._ended = self._lingering = False

    # The transport calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peer = _address(transport.get_extra_info("peername"))
        self._tls = transport.get_extra_info("sslcontext") is not None
        self._service.join(self)
        if self._service.stopping:
            self._end()

    def data_received(self, data: bytes) -> None:
        if self._ended or self._refusal is not None:
            return
        reader = self._reader
        if reader.phase is not _HEAD:
            self._since = self._service.now
        self._refusal = reader.feed(data)
        self._advance()

    def eof_received(self) -> bool:
        self._half_closed = True
        if self._stream is not None and self._stream.endless:
            return False
        if self._lingering or self._ended:
            return False
        return self._current is not None or bool(self._ready)

    def pause_writing(self) -> None:
        self._full = True
        self._watch.begin()
        self._throttle()

    def resume_writing(self) -> None:
        self._full = False
        self._since = self._service.now
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._ready.clear()
        self._service.leave(self)
        if self._stream is not None and self._work is not None:
            self._work.cancel()

    # The server calls these.

    def tick(self, now: float) -> None:
        limits = self._service.limits
        waited = now - self._since
        if self._lingering:
            if waited > limits.linger:
                self._transport.abort()
        elif self._full or self._ended:
            if self._watch.stalled(self._transport.get_write_buffer_size()):
                self._transport.abort()
        elif self._current is not None or self._ready:
            return
        elif self._reader.phase is not _BETWEEN:
            if waited > limits.request_timeout:
                self._hang_up(self._service.heads.refusal(_TIMED_OUT))
        elif waited > limits.idle_timeout:
            self._end()

    def retire(self) -> None:
        if self._stream is not None and self._stream.endless and self._work is not None:
            self._work.cancel()
        elif self._current is None and not self._ready and self._reader.phase is _BETWEEN:
            self._end()

    def abort(self) -> None:
        if isinstance(self._work, (asyncio.Task, Stepped)):
            self._work.cancel()
        self._ended = True
        self._transport.abort()

    # The life of a request.

    def _advance(self) -> None:
        ready = self._ready
        while ready and self._current is None and not self._full:
            self._handle(ready.popleft())
        if self._current is None and not ready and not self._ended:
            self._settle()
        self._throttle()

    def _handle(self, request: Request) -> None:
        request.peer = self._peer
        request.tls = self._tls
        try:
            answer = self._app.handle(request)
            if type(answer) is not Response:
                self._work = work = answer if isinstance(answer, Stepped) else _in_task(answer)
                self._current = request
                work.add_done_callback(self._answered)
                return
        except Exception as error:  # noqa: BLE001 - whatever an application raises becomes a 500
            answer = self._service.failed(request, error)
        self._send(request, answer)

    def _answered(self, work: "asyncio.Future[Response | StreamResponse] | Stepped[Any]") -> None:
        request = cast(Request, self._current)
        self._current = self._work = None
        if self._ended and work.cancelled():
            return
        answer: Response | StreamResponse
        try:
            answer = work.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            answer = self._service.failed(request, error)
        if isinstance(answer, StreamResponse):
            self._begin_stream(request, answer)
            return
        undelivered = getattr(answer, "undelivered", None)  # what is no answer at all becomes a 500 below
        if undelivered is not None and (self._ended or self._half_closed):
            undelivered()
            self._end()
        elif not self._ended:
            self._send(request, answer)
            self._advance()

    def _send(self, request: Request, response: Response) -> None:
        connection = self._connection_header(request)
        self._transport.write(self._rendered(request, response, connection))
        self._since = self._service.now
        if connection == "close":
            self._end()

    def _rendered(self, request: Request, response: Response, connection: str) -> bytes:
        whole = self._service.heads.whole
        try:
            head = whole(response, connection)
            return head if request.method == "HEAD" or response.status in _BODILESS else head + response.body
        except (AttributeError, TypeError, ValueError) as error:  # not a response at all, or a bad header
            return whole(self._service.failed(request, error), connection) + (
                b"" if request.method == "HEAD" else FAILED.body
            )

    def _connection_header(self, request: Request) -> str:
        if not request.keep_alive or self._service.stopping:
            return "close"
        return "" if request.version == "1.1" else "keep-alive"

    def _settle(self) -> None:
        """Everything received is answered: what else is due?"""
        reader = self._reader
        if self._refusal is not None:
            refusal = self._service.refused(reader.method, reader.target, self._refusal)
            self._hang_up(self._service.heads.refusal(refusal))
        elif reader.upgrade is not None:
            self._upgrade(reader.upgrade, reader.rest)
        elif self._half_closed or (self._service.stopping and reader.phase is _BETWEEN):
            self._end()
        elif reader.expects_continue:
            reader.expects_continue = False
            self._transport.write(CONTINUE)

    # Streams.

    def _begin_stream(self, request: Request, answer: StreamResponse) -> None:
        connection = "close" if request.version == "1.0" else self._connection_header(request)
        self._current, self._stream = request, answer
        self._work = asyncio.ensure_future(self._pump(request, answer, connection))
        self._work.add_done_callback(self._streamed)
        if self._ended or (answer.endless and (self._half_closed or self._service.stopping)):
            self._work.cancel()

    async def _pump(self, request: Request, answer: StreamResponse, connection: str) -> bool:
        self._transport.write(self._service.heads.chunked(answer, connection))
        if request.method != "HEAD":
            await pump(answer.chunks, self._write_chunk, chunked=connection != "close")
        return connection == "close"

    async def _write_chunk(self, data: bytes) -> None:
        self._transport.write(data)
        if self._full:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained  # ended by resume_writing, or by the write time-out through connection_lost

    def _streamed(self, work: "asyncio.Future[bool]") -> None:
        request, answer = cast(Request, self._current), cast(StreamResponse, self._stream)
        self._current = self._work = self._stream = None
        self._service.spawn(discard(answer.chunks))
        if work.cancelled() or work.exception() is not None:
            if not work.cancelled():
                self._service.failed(request, cast(BaseException, work.exception()))
            self._transport.abort()
        elif work.result():
            self._end()
        elif not self._ended:
            self._since = self._service.now
            self._advance()

    # Endings.

    def _hang_up(self, last_words: bytes) -> None:
        """Write, then read on without looking: closing on unread bytes would reset the last words away."""
        self._transport.write(last_words)
        self._since = self._service.now
        self._ended = True
        if self._transport.can_write_eof() and not self._half_closed:
            self._lingering = True
            self._transport.write_eof()
        else:
            self._watch.begin()
            self._transport.close()

    def _upgrade(self, request: Request, rest: bytes) -> None:
        request.peer, request.tls = self._peer, self._tls
        verdict = objection(request) or (_STOPPING if self._service.stopping else self._verdict(request))
        if isinstance(verdict, Response):
            self._hang_up(self._rendered(request, verdict, "close"))
            return
        self._ended = True
        self._reading_paused = False
        open_socket(self._service, self._transport, request, verdict, rest)
        self._service.leave(self)

    def _verdict(self, request: Request) -> Session | Response | Reject:
        try:
            return self._app.upgrade(request)
        except Exception as error:  # noqa: BLE001
            return self._service.failed(request, error)

    def _end(self) -> None:
        self._ended = True
        self._ready.clear()
        self._watch.begin()
        self._transport.close()

    # Back-pressure.

    def _throttle(self) -> None:
        reader = self._reader
        pause = not self._ended and (
            self._full or len(self._ready) > self._service.limits.pipeline or reader.upgrade is not None
        )
        if pause is self._reading_paused:
            return
        self._reading_paused = pause
        if pause:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


def _in_task(answer: Any) -> "asyncio.Future[Any]":
    task: asyncio.Future[Any] = asyncio.ensure_future(answer)
    return task


def _address(peername: Any) -> str:
    if not isinstance(peername, tuple):
        return ""
    return str(peername[0]).removeprefix("::ffff:")
