"""Cursors that hold more than one value."""

import msgspec
import pytest

from corral.model.errors import BadField
from corral.policy.cursors import encode_cursor
from corral.policy.places import decode_place, encode_place


class Place(msgspec.Struct, frozen=True):
    score: float
    member: str


def test_a_place_comes_back() -> None:
    place = Place(1.5, "a/\u00e4\x00")
    cursor = encode_place(place)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")
    assert decode_place(cursor, Place) == place


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "abc",
        "\u00e4",
        "=",
        encode_cursor("{}"),
        encode_cursor('{"score":"1","member":""}'),
        encode_cursor("[" * 9999),
    ],
)
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadField) as refused:
        decode_place(cursor, Place)
    assert refused.value.problems[0].parameter == "cursor"
