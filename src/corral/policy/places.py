"""Cursors that hold more than one value: where a page ended, as a struct."""

from typing import TypeVar

import msgspec

from corral.model.errors import BadField, FieldProblem, InvalidInput
from corral.policy.cursors import decode_cursor, encode_cursor

T = TypeVar("T")


def encode_place(place: msgspec.Struct) -> str:
    """An opaque cursor."""
    return encode_cursor(msgspec.json.encode(place).decode())


def decode_place(cursor: str, kind: type[T]) -> T:
    """Raises `BadField` for a cursor that `encode_place` did not make of this kind."""
    try:
        return msgspec.json.decode(decode_cursor(cursor), type=kind)
    except (InvalidInput, msgspec.DecodeError, RecursionError):
        raise foreign_cursor() from None


def foreign_cursor() -> BadField:
    """What is raised for a cursor from elsewhere."""
    return BadField(FieldProblem("The cursor was not given out for this", parameter="cursor"))
