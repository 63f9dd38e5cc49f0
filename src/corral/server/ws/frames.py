"""The frames a server sends (RFC 6455, section 5): never masked, never fragmented."""

from struct import pack, unpack_from

TEXT = 0x1
BINARY = 0x2
CONTINUATION = 0x0
CLOSE = 0x8
PING = 0x9
PONG = 0xA

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
NO_CODE = 1005
BROKEN = 1006
INVALID_TEXT = 1007
TOO_BIG = 1009
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013

_FINAL = 0x80
_COMPRESSED = 0x40
_LONGEST_REASON = 123
_NEVER_SENT = (1004, BROKEN)


def header(opcode: int, length: int, *, compressed: bool = False) -> bytes:
    """What goes before a payload of `length` bytes."""
    first = _FINAL | opcode | (_COMPRESSED if compressed else 0)
    if length < 126:
        return bytes((first, length))
    if length < 65536:
        return pack("!BBH", first, 126, length)
    return pack("!BBQ", first, 127, length)


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; NO_CODE makes an empty one. An over-long reason is cut at a character."""
    if code == NO_CODE:
        return header(CLOSE, 0)
    text = reason.encode()[:_LONGEST_REASON].decode(errors="ignore").encode()
    payload = pack("!H", code) + text
    return header(CLOSE, len(payload)) + payload


def close_code(payload: bytes) -> int:
    """The code in a close frame's payload."""
    return int(unpack_from("!H", payload)[0]) if len(payload) >= 2 else NO_CODE


def may_be_sent(code: int) -> bool:
    """Whether a close frame may carry this code (RFC 6455, section 7.4); NO_CODE stands for none at all."""
    return code == NO_CODE or 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in _NEVER_SENT)
