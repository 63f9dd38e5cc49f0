import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.policy.redelivery import Terms, is_final, is_success, retry_after_ms, wait_ms

NOW = 1_700_000_000_000


def test_what_is_the_end() -> None:
    assert all(is_final(status) for status in (301, 400, 404, 410, 422))
    assert not any(is_final(status) for status in (None, 408, 425, 429, 500, 503))


def test_success() -> None:
    assert [status for status in (199, 200, 204, 299, 300) if is_success(status)] == [200, 204, 299]


def test_waits_grow_up_to_a_minute() -> None:
    waits = [wait_ms(Terms(9, 1000), attempt, None, lambda: 0) for attempt in range(1, 9)]
    assert waits == [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
    assert wait_ms(Terms(9, 1000), 1, None, lambda: 1) == 1100


@given(st.integers(1, 10**6), st.floats(0, 60_000), st.floats(1, 10), st.floats(0, 1))
def test_never_more_than_a_minute(attempt: int, first: float, factor: float, luck: float) -> None:
    assert 0 <= wait_ms(Terms(9, first, factor), attempt, None, lambda: luck) <= 60_000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("7", 7000),
        (" 0 ", 0),
        ("99999999999", 3_600_000),
        ("soon", None),
        ("-1", None),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10_000),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0),
    ],
)
def test_retry_after(header: str | None, expected: int | None) -> None:
    assert retry_after_ms(header, NOW) == expected


def test_the_receiver_may_ask_for_more() -> None:
    assert wait_ms(Terms(9, 10), 1, 5000, lambda: 0) == 5000
    assert wait_ms(Terms(9, 10_000), 1, 5000, lambda: 0) == 10_000
