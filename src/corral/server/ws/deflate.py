"""permessage-deflate (RFC 7692) without context takeover: nothing is remembered between messages."""

import zlib

_TAIL = b"\x00\x00\xff\xff"
_LEVEL = 1
_WINDOW = 12
_SMALLEST_WINDOW = 9
_LARGEST_WINDOW = 15
_MEMORY = 5


class TooLarge(Exception):
    """The message inflates to more than it may."""


class Deflate:
    """Compression as negotiated for one connection; `answer` goes into the handshake."""

    def __init__(self, server_window: int | None) -> None:
        self._window = min(_WINDOW, server_window or _WINDOW)
        self.answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        if server_window is not None:
            self.answer += f"; server_max_window_bits={server_window}"

    def compress(self, message: bytes) -> bytes:
        """One message's payload, to be sent with RSV1."""
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -self._window, _MEMORY)
        data = compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH)
        return data[: -len(_TAIL)]

    def inflate(self, payload: bytes, limit: int) -> bytes:
        """The message in `payload`. Raises TooLarge beyond `limit` bytes, ValueError if it is not deflate."""
        inflater = zlib.decompressobj(-_LARGEST_WINDOW)
        try:
            message = inflater.decompress(payload + _TAIL, limit + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if len(message) > limit:
            raise TooLarge
        return message


def negotiate(offers: str) -> Deflate | None:
    """The first acceptable offer of a `Sec-WebSocket-Extensions` header, or None."""
    for offer in offers.split(","):
        name, *parameters = [part.strip().lower() for part in offer.split(";")]
        if name == "permessage-deflate":
            deflate = _accept(parameters)
            if deflate is not None:
                return deflate
    return None


def _accept(parameters: list[str]) -> Deflate | None:
    seen: dict[str, str] = {}
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key in seen:
            return None
        seen[key.strip()] = value.strip().strip('"')
    window = seen.pop("server_max_window_bits", None)
    client_window = seen.pop("client_max_window_bits", "")
    takeover = [seen.pop("server_no_context_takeover", ""), seen.pop("client_no_context_takeover", "")]
    if seen or any(takeover) or (client_window and not _is_window(client_window, smallest=8)):
        return None
    if window is None:
        return Deflate(None)
    return Deflate(int(window)) if _is_window(window, smallest=_SMALLEST_WINDOW) else None


def _is_window(text: str, smallest: int) -> bool:
    return text.isascii() and text.isdecimal() and text[0] != "0" and smallest <= int(text) <= _LARGEST_WINDOW
