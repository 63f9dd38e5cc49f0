import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.model.errors import BadField
from corral.policy.cursors import decode_cursor, encode_cursor


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_leads_back(place: str) -> None:
    cursor = encode_cursor(place)
    assert decode_cursor(cursor) == place
    assert all(letter.isalnum() or letter in "-_" for letter in cursor)


@pytest.mark.parametrize("cursor", ["!", "a", "YQ==", "YR", "_w", "Y Q", "é", "\ud800", "YQ\n"])
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadField) as refused:
        decode_cursor(cursor)
    assert refused.value.problems[0].parameter == "cursor"


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(BadField):
        decode_cursor(text)
