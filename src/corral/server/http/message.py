"""What the server and the application hand each other: requests, responses, and WebSocket sessions."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

PLAIN_TEXT = "text/plain;charset=utf-8"


class Request:
    """One complete request, body included.

    `target` is what stood in the request line; `path` and `query` are its two halves around the first `?`,
    still percent-encoded. Header names are in lower case, repeated headers joined by ", ", values latin-1.
    `peer` is the client's address without its port, "" on a unix socket.
    """

    __slots__ = (
        "body",
        "headers",
        "keep_alive",
        "method",
        "path",
        "peer",
        "query",
        "target",
        "tls",
        "version",
    )

    def __init__(self, method: str, target: bytes, headers: dict[str, str], body: bytes = b"") -> None:
        self.method = method
        self.target = target
        self.path, _, self.query = target.decode("latin-1").partition("?")
        self.headers = headers
        self.body = body
        self.peer = ""
        self.tls = False
        self.version = "1.1"
        self.keep_alive = True

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path}>"


class Response(msgspec.Struct, frozen=True):
    """A complete answer; the server adds `content-length` and `date` and leaves the body out for HEAD.

    With `undelivered`, that is called instead when the client has closed its side before the answer was there.
    """

    status: int
    body: bytes = b""
    content_type: str = PLAIN_TEXT
    headers: tuple[tuple[str, str], ...] = ()
    undelivered: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class StreamResponse:
    """An answer of unknown length: every chunk is sent as it comes, and no faster than the client reads.

    The iterator is cancelled and closed when the client goes away. An `endless` one (server-sent events) is
    also ended as soon as the server begins to stop; others have until the end of its grace.
    """

    status: int
    content_type: str
    headers: tuple[tuple[str, str], ...]
    chunks: AsyncIterator[bytes]
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Reject:
    """Accept the WebSocket, then close it at once with `code`: browsers cannot see why a handshake failed."""

    code: int
    reason: str = ""


class Socket(Protocol):
    """The server's end of one open WebSocket."""

    request: Request

    @property
    def peer(self) -> str:
        """The client's address, as in `Request.peer`."""
        ...

    @property
    def paused(self) -> bool:
        """True while the client reads slower than we write: stop producing until `Session.writable`."""
        ...

    @property
    def buffered(self) -> int:
        """Bytes accepted by `send` that the operating system has not taken yet."""
        ...

    def send(self, message: bytes) -> None:
        """Send one text message (UTF-8). Does nothing on a socket that is closing."""
        ...

    def hold(self, held: bool) -> None:
        """Stop receiving because the session is busy, or go on. A few messages may still come."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin the closing handshake; no message is received or sent after it."""
        ...


class Session(Protocol):
    """What the application does with one WebSocket: called in order, never concurrently; must not block.

    When the server stops, a session with a method `retire()` is told by it to begin nothing more and to close
    its socket, with 1001, once all is done. The sockets of others are closed at once.
    """

    def opened(self, socket: Socket) -> None:
        """The handshake is done and `socket` may be used."""
        ...

    def received(self, message: bytes) -> None:
        """One whole message, text or binary."""
        ...

    def closed(self, code: int) -> None:
        """The last call; `code` is the peer's close code, our own, or 1006 when the connection broke."""
        ...

    def writable(self) -> None:
        """A socket that was `paused` has drained. A session without this method is not told."""
        ...


class App(Protocol):
    """The application behind the server. Both methods run on the event loop and must not block.

    One with a method `refused(method, target, refusal)` is asked for its own wording of what the server refuses by
    itself, as a body that is too large; `method` and `target` are those of the request line, as far as it has come.
    """

    def handle(self, request: Request) -> Response | Awaitable[Response | StreamResponse]:
        """Answer a request. A Future is the cheapest thing to wait for; a coroutine gets its own task."""
        ...

    def upgrade(self, request: Request) -> Session | Response | Reject:
        """Answer a WebSocket handshake: with a session, by refusing in HTTP, or by accepting and closing."""
        ...
