"""JSON bodies: decoding them, and what `msgspec.Raw` alone would let through."""

import re
from typing import Any

import msgspec

from corral.model.errors import InvalidInput

_BOM = b"\xef\xbb\xbf"
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

    A lone surrogate escape passes, as it does in JavaScript. Raises InvalidInput.
    """
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            raise InvalidInput("Body must be UTF-8") from None
    for search in _large_exponent:
        if search(body):
            _check_numbers(body)
            break


def _check_numbers(body: bytes) -> None:
    """The slow way, for a body with something that may be a number too large."""
    try:
        msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"Body must be JSON: {error}") from None
    except RecursionError:
        raise InvalidInput("Body is nested too deeply") from None
    except msgspec.DecodeError:
        return
