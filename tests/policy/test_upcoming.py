"""The runs that are foretold of schedulers, also of strange ones."""

from typing import Any

import pytest

from corral.model.scheduler import Scheduler, StoredScheduler
from corral.policy.upcoming import upcoming

NOW = 1_795_000_000_000
HOUR = 3_600_000


def stored(repeat: dict[str, Any] | None, started: bool = False, **record: Any) -> StoredScheduler:
    return StoredScheduler(Scheduler(key="s", name="n", next=NOW + HOUR, **record), repeat, started)


def test_the_next_job_and_those_after_it() -> None:
    assert upcoming(stored({"every": HOUR, "count": 1}), NOW) == [NOW + i * HOUR for i in range(1, 6)]
    assert upcoming(stored({"every": HOUR, "count": 1}, started=True), NOW, 2) == [NOW + 2 * HOUR, NOW + 3 * HOUR]


def test_limit_and_end() -> None:
    assert len(upcoming(stored({"every": HOUR, "count": 2, "limit": 4}), NOW)) == 3
    assert upcoming(stored({"every": HOUR, "count": 4, "limit": 4}, started=True), NOW) == []
    assert len(upcoming(stored({"every": HOUR, "count": 1, "endDate": NOW + 2 * HOUR}), NOW)) == 3
    assert upcoming(stored({"every": HOUR, "count": 1, "endDate": NOW - 1}), NOW) == [NOW + HOUR]
    daily = {"pattern": "@daily", "count": 1, "endDate": NOW + 48 * HOUR}
    assert len(upcoming(stored(daily), NOW)) == 3


def test_a_scheduler_whose_next_job_is_gone_speaks_for_itself() -> None:
    assert upcoming(stored(None, started=True, every=HOUR, limit=3, iteration_count=2), NOW) == [NOW + 2 * HOUR]
    assert upcoming(stored(None, started=True, pattern="@yearly", tz="Asia/Tokyo"), NOW, 1)[0] > NOW


def test_nothing_runs_after_the_last_date_there_is() -> None:
    assert upcoming(stored({"every": 4 * 10**15, "count": 1}), NOW) == [
        NOW + HOUR,
        NOW + HOUR + 4 * 10**15,
        NOW + HOUR + 8 * 10**15,
    ]


@pytest.mark.parametrize(
    "repeat",
    [
        {},
        {"every": "soon"},
        {"every": -5},
        {"every": 5, "pattern": "* * * * *"},
        {"pattern": "every day"},
        {"pattern": "* * * * *", "tz": "Mars/Base"},
        {"every": HOUR, "count": "two"},
        {"every": HOUR, "endDate": "never"},
        {"pattern": "0 0 31 2 *"},
    ],
)
def test_what_cannot_be_read_has_no_run_but_the_next(repeat: dict[str, Any]) -> None:
    assert upcoming(stored(repeat), NOW) == [NOW + HOUR]
    assert upcoming(stored(repeat, started=True), NOW) == []
