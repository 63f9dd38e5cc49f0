"""Opaque cursors: where the next page of a list begins, in a form that clients only hand back."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from corral.model.errors import BadField, FieldProblem


def encode_cursor(place: str) -> str:
    """URL-safe, without padding."""
    return urlsafe_b64encode(place.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> str:
    """Raises BadField for what `encode_cursor` did not make."""
    try:
        place = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise _foreign() from None
    if encode_cursor(place) != cursor:
        raise _foreign()
    return place


def _foreign() -> BadField:
    return BadField(FieldProblem("The cursor is not one that this server gave", parameter="cursor"))
