"""JSON from outside: decoding bodies, and what `msgspec.Raw` alone would let through.

Half a surrogate pair (`"\\ud800"`) is refused, unlike by JavaScript: it has no form in UTF-8.
"""

import re
from typing import Any

import msgspec

from corral.model.errors import InvalidInput

_BOM = b"\xef\xbb\xbf"
_anything = msgspec.json.Decoder().decode
_large_exponent = (re.compile(rb"e\+?[0-9]{3}").search, re.compile(rb"E\+?[0-9]{3}").search)


def decode(body: bytes) -> Any:
    """The body as plain Python values. Raises InvalidInput for all that is not JSON in UTF-8."""
    try:
        return msgspec.json.decode(without_mark(body))
    except UnicodeDecodeError:
        raise InvalidInput("Body must be UTF-8") from None
    except RecursionError:
        raise InvalidInput("Body is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise InvalidInput(f"Body must be JSON: {error}") from None


def without_mark(body: bytes) -> bytes:
    """The body without the byte order mark that some editors put first."""
    return body.removeprefix(_BOM)


def check_raw(body: bytes) -> None:
    """Refuse what a typed decode with `msgspec.Raw` misses: bytes that are not UTF-8, and numbers like 1e999.

    Raises InvalidInput.
    """
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            raise InvalidInput("Body must be UTF-8") from None
    for search in _large_exponent:
        if search(body):
            decode(body)  # the slow way, as this may be a number too large
            return


def json_or_text(raw: bytes) -> msgspec.Raw:
    """Stored JSON as it is; anything else as a JSON string of it."""
    try:
        _anything(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.Raw(msgspec.json.encode(raw.decode(errors="replace")))
    return msgspec.Raw(raw)
