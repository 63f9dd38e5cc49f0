"""The opening handshake of RFC 6455, section 4.2."""

import binascii
from base64 import b64decode, b64encode
from hashlib import sha1

from corral.server.http.message import Request, Response

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION = "13"
_KEY_LENGTH = 16


def objection(request: Request) -> Response | None:
    """Why this handshake must be refused, or None."""
    headers = request.headers
    if headers.get("sec-websocket-version") != _VERSION:
        return Response(426, b"Upgrade Required", headers=(("sec-websocket-version", _VERSION),))
    if not _is_key(headers.get("sec-websocket-key", "")):
        return Response(400, b"Bad Sec-WebSocket-Key")
    if request.version != "1.1" or request.body:
        return Response(400, b"Bad Request")
    return None


def acceptance(request: Request, extensions: str = "") -> bytes:
    """The 101 answer."""
    digest = sha1((request.headers["sec-websocket-key"] + _GUID).encode(), usedforsecurity=False).digest()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "upgrade: websocket",
        "connection: Upgrade",
        f"sec-websocket-accept: {b64encode(digest).decode()}",
    ]
    if extensions:
        lines.append(f"sec-websocket-extensions: {extensions}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == _KEY_LENGTH
    except (binascii.Error, ValueError):
        return False
