"""Turns the bytes of one connection into requests; httptools does the parsing."""

from collections import deque
from enum import Enum, auto

import httptools

from corral.server.http.known import KnownHeads
from corral.server.http.limits import Limits
from corral.server.http.message import Request, Response

MALFORMED = Response(400, b"Bad Request")
TOO_LARGE = Response(413, b"Payload too large")
HEAD_TOO_LARGE = Response(431, b"Request Header Fields Too Large")
VERSION_UNKNOWN = Response(505, b"HTTP Version Not Supported")


class Phase(Enum):
    """Where in a request the bytes received so far end."""

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


_BETWEEN, _HEAD, _BODY = Phase  # a member of an enum is slow to look up in Python 3.11


class RequestReader:
    """Feed it bytes; complete requests appear in `ready`, in order.

    After `feed` returned a refusal (to be sent, then the connection closed) or a WebSocket handshake came in
    (`upgrade` is set, `rest` holds the bytes after it) it must be fed no more. `target` is that of the last request
    line, as far as it has come. `known` may be shared by the connections of one server.
    """

    def __init__(self, limits: Limits, known: KnownHeads | None = None) -> None:
        self.ready: deque[Request] = deque()
        self.phase = _BETWEEN
        self.expects_continue = False
        self.upgrade: Request | None = None
        self.rest = b""
        self.target = b""
        self._limits = limits
        self._known = known or KnownHeads()
        self._parser = httptools.HttpRequestParser(self)
        self._unframed = 0
        self._refusal: Response | None = None
        self._headers: dict[str, str] = {}
        self._body: bytes | bytearray = b""

    @property
    def method(self) -> str:
        """That of the last request line; nothing to go by until its `target` has come."""
        method = self._parser.get_method()
        return _METHODS.get(method) or method.decode()

    def feed(self, data: bytes) -> Response | None:
        """Take `data`; a returned response refuses what the client sent."""
        if self.phase is not _BETWEEN:
            return self._parse(data)
        request = self._known.request(data)
        if request is not None:
            self.target = request.target
            self.ready.append(request)
            return None
        before = len(self.ready)
        refusal = self._parse(data)
        if refusal is None and self.phase is _BETWEEN and len(self.ready) == before + 1:
            self._known.learn(data, self.ready[-1])
        return refusal

    def _parse(self, data: bytes) -> Response | None:
        self._unframed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as pause:
            return self._upgraded(data[pause.args[0] :])
        except httptools.HttpParserError:
            return self._refusal or MALFORMED
        if self._unframed > self._limits.head:
            return HEAD_TOO_LARGE
        return None

    def _upgraded(self, rest: bytes) -> Response | None:
        if self.upgrade is not None:
            self.rest = rest
            return None
        # llhttp stops after any Upgrade header; one we do not speak (h2c) is an ordinary request to us.
        self._parser = httptools.HttpRequestParser(self)
        return self._parse(rest) if rest else None

    # Called by httptools, in this order. Headers after on_headers_complete are trailers: dropped.

    def on_message_begin(self) -> None:
        self.target = b""
        self._headers = {}
        self._body = b""
        self.phase = _HEAD

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.phase is not _HEAD:
            return
        key = _NAMES.get(name) or name.decode("latin-1").lower()
        headers = self._headers
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        self.phase = _BODY
        headers = self._headers
        if self._unframed > self._limits.head and self._head_size() > self._limits.head:
            self._refuse(HEAD_TOO_LARGE)
        self._unframed = 0
        length = headers.get("content-length")
        if length is not None and int(length) > self._limits.body:
            self._refuse(TOO_LARGE)
        if "expect" in headers and headers["expect"].lower() == "100-continue":
            self.expects_continue = True

    def on_body(self, body: bytes) -> None:
        self._unframed = 0
        if len(self._body) + len(body) > self._limits.body:
            self._refuse(TOO_LARGE)
        if not self._body:
            self._body = body
            return
        if type(self._body) is bytes:
            self._body = bytearray(self._body)
        self._body += body

    def on_message_complete(self) -> None:
        self._unframed = 0
        parser = self._parser
        request = Request(self.method, self.target, self._headers, bytes(self._body))
        request.version = parser.get_http_version()
        request.keep_alive = parser.should_keep_alive()
        if request.version not in ("1.1", "1.0"):
            self._refuse(VERSION_UNKNOWN)
        self.phase = _BETWEEN
        self.expects_continue = False
        if parser.should_upgrade() and is_websocket(request):
            self.upgrade = request
        else:
            self.ready.append(request)

    def _head_size(self) -> int:
        return len(self.target) + sum(len(name) + len(value) + 4 for name, value in self._headers.items())

    def _refuse(self, response: Response) -> None:
        self._refusal = response
        raise ValueError(response.status)


def is_websocket(request: Request) -> bool:
    """Whether this asks for a WebSocket rather than for some other protocol."""
    return request.method == "GET" and "websocket" in request.headers.get("upgrade", "").lower()


_METHODS = {m.encode(): m for m in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")}
_USUAL_NAMES = """
    host connection user-agent accept accept-encoding accept-language authorization content-type
    content-length transfer-encoding expect cookie origin upgrade x-forwarded-for x-forwarded-proto
    x-request-id traceparent tracestate
    idempotency-key sec-websocket-key sec-websocket-version sec-websocket-extensions sec-fetch-mode
"""
_NAMES = {spelling.encode(): name for name in _USUAL_NAMES.split() for spelling in (name, name.title())}
