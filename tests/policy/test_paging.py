import pytest

from corral.model.errors import InvalidInput
from corral.policy.paging import (
    ALL_STATES,
    Page,
    counted_states,
    parse_log_range,
    parse_page,
    parse_statuses,
)


@pytest.mark.parametrize(
    ("start", "length", "page"),
    [
        (None, None, Page(0, 10)),
        ("", "", Page(0, 10)),
        ("5abc", "2.9", Page(5, 2)),
        (" 7", "100", Page(7, 100)),
        ("0", "0", Page(0, 0)),
        ("-0", "1", Page(0, 1)),
    ],
)
def test_pages(start: str | None, length: str | None, page: Page) -> None:
    assert parse_page(start, length) == page


def test_the_end_of_a_page_is_inclusive() -> None:
    assert Page(5, 10).end == 14


@pytest.mark.parametrize(
    ("start", "length", "reason"),
    [
        ("a", None, "Invalid start or length"),
        (None, "x", "Invalid start or length"),
        ("a", "-1", "Invalid start or length"),
        ("-1", None, "Start and length must be positive"),
        ("0", "-1", "Start and length must be positive"),
        ("0", "101", "Length must be less than or equal to 100"),
        ("9" * 400, "5", "Invalid start or length"),
        ("0", "9" * 10_000, "Length must be less than or equal to 100"),
    ],
)
def test_refused_pages(start: str | None, length: str | None, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_page(start, length)
    assert str(refused.value) == reason


def test_log_ranges_by_length() -> None:
    assert parse_log_range(None, None, None) == (0, 9)
    assert parse_log_range("2", "3", "") == (2, 4)
    assert parse_log_range("0", "0", None) is None


def test_log_ranges_by_end() -> None:
    assert parse_log_range(None, None, "-1") == (0, -1)
    assert parse_log_range("5", "x", "500") == (5, 500)
    assert parse_log_range("0", None, "0") == (0, 0)


@pytest.mark.parametrize(("start", "end"), [("a", "5"), ("0", "b"), ("-1", "5"), ("0", "-2"), ("0", "9" * 30)])
def test_refused_log_ranges(start: str, end: str) -> None:
    with pytest.raises(InvalidInput):
        parse_log_range(start, None, end)


def test_statuses() -> None:
    assert parse_statuses(None) == parse_statuses("") == ["waiting", "active", "completed", "failed"]
    assert parse_statuses("failed,,delayed,failed") == ["failed", "delayed"]
    assert parse_statuses(",") == list(ALL_STATES)


@pytest.mark.parametrize("status", ["paused", "prioritized", " waiting", "Waiting", "nope"])
def test_refused_statuses(status: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_statuses(f"waiting,{status},also-wrong")
    assert str(refused.value) == f"Invalid status: {status}"


def test_waiting_jobs_are_counted_with_the_paused_ones() -> None:
    assert counted_states(["waiting", "failed"]) == ["waiting", "failed", "paused"]
    assert counted_states(["failed"]) == ["failed"]
    assert counted_states(list(ALL_STATES)) == list(ALL_STATES)
