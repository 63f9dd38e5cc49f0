"""Dates as JavaScript reads them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from corral.policy.cron.dates import to_ms
from corral.policy.cron.zone import zone_named

NEW_YORK = zone_named("America/New_York")


# What `new Date(text)` gives in Node with TZ=America/New_York.
@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2024", "2024-01-01T00:00:00.000"),
        ("2024-01", "2024-01-01T00:00:00.000"),
        ("2024-01-01", "2024-01-01T00:00:00.000"),
        ("2024-01-01T10:00", "2024-01-01T15:00:00.000"),
        ("2024-01-01 10:00", "2024-01-01T15:00:00.000"),
        ("2024-01-01T24:00", "2024-01-02T05:00:00.000"),
        ("2024-01-01T10:00z", "2024-01-01T10:00:00.000"),
        ("2024-01-01T10:00:00+0200", "2024-01-01T08:00:00.000"),
        ("2024-01-01T10:00-02:30", "2024-01-01T12:30:00.000"),
        ("2024-01-01T10:00:00.123456Z", "2024-01-01T10:00:00.123"),
        ("2024-01-01T10:00:00.5Z", "2024-01-01T10:00:00.500"),
        ("2024-03-10T02:30", "2024-03-10T07:30:00.000"),
        ("2024-11-03T01:30", "2024-11-03T05:30:00.000"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999"),
        ("Tue, 19 Jan 2038 03:14:07 GMT", "2038-01-19T03:14:07.000"),
        ("19 Jan 2038 03:14 +0200", "2038-01-19T01:14:00.000"),
    ],
)
def test_common_forms(value: str, moment: str) -> None:
    found = datetime.fromtimestamp(to_ms(value, NEW_YORK) / 1000, UTC)
    assert found.isoformat(timespec="milliseconds") == f"{moment}+00:00"


@pytest.mark.parametrize(
    ("value", "ms"), [(0, 0), (1.9, 1), (-1.9, -1), (8.64e15, 8_640_000_000_000_000), (1 << 40, 1 << 40)]
)
def test_numbers_are_milliseconds(value: float, ms: int) -> None:
    assert to_ms(value, NEW_YORK) == ms


def test_a_date_without_a_time_may_belong_to_a_zone() -> None:
    assert to_ms("2024-01-01", NEW_YORK, NEW_YORK) - to_ms("2024-01-01", NEW_YORK) == 5 * 3_600_000


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, [], {}, "", "soon", "1700000000000", "20240101", "2024-13-01", "2024-02-30", "2024-W01-1"),
        *("0000-01-01", "2024-01-01T10", "2024-01-01T25:00", "2024-01-01T24:01", "2024-01-01T10:00:60"),
        *("2024-01-01\n", "99 Foo 2024 10:00 GMT", float("nan"), float("inf"), 1 << 60, "٢٠٢٤-01-01"),
    ],
)
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^not a date$"):
        to_ms(value, NEW_YORK)
