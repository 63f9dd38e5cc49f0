"""Puts messages together from frames: fragments, decompression, the size limit, valid UTF-8."""

from picows import WSFrame

from corral.server.ws.deflate import Deflate, TooLarge
from corral.server.ws.frames import CONTINUATION, INVALID_TEXT, PROTOCOL_ERROR, TEXT, TOO_BIG


class Violation(Exception):
    """The peer broke a rule; `code` is what the connection must be closed with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Assembler:
    """The message under construction on one connection."""

    def __init__(self, limit: int, deflate: Deflate | None) -> None:
        self._limit = limit
        self._deflate = deflate
        self._opcode = CONTINUATION
        self._compressed = False
        self._fragments = bytearray()

    def add(self, opcode: int, frame: WSFrame) -> bytes | None:
        """The message that this data frame completes, or None. Raises Violation."""
        first = opcode != CONTINUATION
        if first is (self._opcode != CONTINUATION) or frame.rsv2 or frame.rsv3:
            raise Violation(PROTOCOL_ERROR)
        if frame.rsv1 and (self._deflate is None or not first):
            raise Violation(PROTOCOL_ERROR)
        payload = frame.get_payload_as_bytes()
        if first and frame.fin:
            return self._finish(opcode, payload, bool(frame.rsv1))
        if first:
            self._opcode, self._compressed = opcode, bool(frame.rsv1)
        if len(self._fragments) + len(payload) > self._limit:
            raise Violation(TOO_BIG)
        self._fragments += payload
        return self._complete() if frame.fin else None

    def _complete(self) -> bytes:
        opcode, payload = self._opcode, bytes(self._fragments)
        self._opcode = CONTINUATION
        self._fragments = bytearray()
        return self._finish(opcode, payload, self._compressed)

    def _finish(self, opcode: int, payload: bytes, compressed: bool) -> bytes:
        if compressed and self._deflate is not None:
            try:
                payload = self._deflate.inflate(payload, self._limit)
            except TooLarge:
                raise Violation(TOO_BIG) from None
            except ValueError:
                raise Violation(PROTOCOL_ERROR) from None
        if opcode == TEXT and not payload.isascii():
            try:
                payload.decode()
            except UnicodeDecodeError:
                raise Violation(INVALID_TEXT) from None
        return payload
