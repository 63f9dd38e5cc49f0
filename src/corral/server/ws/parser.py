"""Parses and unmasks client frames with picows, here a parser only: no socket, no handshake, no timers."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from picows import WSAutoPingStrategy, WSFrame, WSListener, WSTransport
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # not in its stubs, stable since 1.0

from corral.server.ws.frames import PROTOCOL_ERROR, close_code

_SMALLEST_BUFFER = 4096
_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_CLOSE_FRAME = 0x88
_QUIET = logging.getLogger("corral.picows")
_QUIET.setLevel(logging.CRITICAL + 1)


class FrameParser:
    """Write into `get_buffer`, say how much with `updated`; every whole frame goes to `on_frame`.

    A violation of the protocol goes to `on_violation` with its close code; feed it no more after that.
    """

    def __init__(
        self, max_frame: int, on_frame: Callable[[WSFrame], None], on_violation: Callable[[int], None]
    ) -> None:
        listener = _Listener()
        listener.on_frame = on_frame
        parser = WSProtocol(
            None, None, False, lambda _request: listener, _QUIET, True, None, False, 1, 1,
            WSAutoPingStrategy.PING_WHEN_IDLE, False, max_frame, None, _SMALLEST_BUFFER,
        )  # fmt: skip
        parser.connection_made(_Wire(on_violation))
        self.get_buffer: Callable[[int], memoryview] = parser.get_buffer
        self.updated: Callable[[int], None] = parser.buffer_updated
        self.feed(_HANDSHAKE)

    def feed(self, data: bytes) -> None:
        """Parse bytes that were read elsewhere."""
        while data:
            buffer = self.get_buffer(-1)
            count = min(len(buffer), len(data))
            buffer[:count] = data[:count]
            self.updated(count)
            data = data[count:]


class _Listener(WSListener):
    on_frame: Callable[[WSFrame], None]

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.on_frame(frame)


class _Wire(asyncio.Transport):
    """What picows takes for its connection. It writes two things to it: the answer to the handshake, and the
    close frame with which it complains."""

    def __init__(self, on_violation: Callable[[int], None]) -> None:
        super().__init__()
        self._on_violation = on_violation

    def write(self, data: Any) -> None:
        if data[0] == _CLOSE_FRAME:
            self._on_violation(close_code(bytes(data[2:])) if len(data) > 3 else PROTOCOL_ERROR)

    def get_write_buffer_size(self) -> int:
        return 1  # anything above 0 keeps picows from writing to the socket by itself

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return _NoSocket() if name == "socket" else default

    def close(self) -> None:
        pass


class _NoSocket:
    def fileno(self) -> int:
        return -1

    def setsockopt(self, *_: object) -> None:
        pass

    def getsockopt(self, *_: object) -> int:
        return 0
