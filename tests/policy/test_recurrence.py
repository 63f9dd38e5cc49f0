"""Recurrence against what BullMQ 6 made of the same options."""

import json
from pathlib import Path
from typing import Any

import pytest

from corral.model.errors import InvalidInput
from corral.policy.recurrence import (
    Iteration,
    check_repeat,
    next_iteration,
    next_job_opts,
    next_millis,
    repeat_key,
    scheduler_record,
)

VECTORS = Path(__file__).parent / "vectors/recurrence.jsonl"
RECORDED = [json.loads(line) for line in VECTORS.read_text().splitlines()]
HOUR = 3_600_000

# Where BullMQ repeats its cron parser's words, corral has its own.
OWN_WORDS = ("CronDate", "Constraint", "Invalid explicit")


@pytest.mark.parametrize("recorded", RECORDED, ids=[json.dumps(r["repeat"]) for r in RECORDED])
def test_every_recorded_scheduler(recorded: dict[str, Any]) -> None:
    repeat, opts, now = recorded["repeat"], recorded.get("opts", {}), recorded["now"]
    if "error" in recorded:
        with pytest.raises(InvalidInput) as refused:
            check_repeat(repeat, now)
        assert recorded["error"].startswith(OWN_WORDS) or str(refused.value) == recorded["error"]
        return
    iteration = next_iteration(repeat, now, opts.get("prevMillis", 0))
    assert (iteration is None) == ("ended" in recorded)
    if iteration is not None:
        assert scheduler_record(repeat, "report") == present(recorded["record"])
        assert next_job_opts(iteration, "sched:1", repeat, opts, now) == present(recorded["job"])


def present(recorded: dict[str, Any]) -> dict[str, Any]:
    """What reaches the engine: nulls do not, and what Node cannot know with `every` is left out here."""
    kept = {key: value for key, value in recorded.items() if value is not None}
    if str(kept.get("jobId", "")).endswith(":undefined"):
        del kept["jobId"]
    if isinstance(kept.get("repeat"), dict):
        kept["repeat"] = present(kept["repeat"])
    return kept


@pytest.mark.parametrize(
    "repeat",
    [
        {"every": 1000},
        {"every": 1.5, "limit": 3, "count": 0, "offset": 250, "immediately": True, "key": "k"},
        {"pattern": "@daily", "tz": None, "endDate": None, "limit": None, "immediately": None},
        {"pattern": "* * * * *", "startDate": "2020-01-01", "endDate": "2030-01-01", "every": 0},
    ],
)
def test_what_a_scheduler_can_follow_passes(repeat: dict[str, Any]) -> None:
    check_repeat(repeat, now=HOUR)


@pytest.mark.parametrize(
    ("repeat", "text"),
    [
        ({"every": 1000, "endDate": 1}, "End date must be greater than current timestamp"),
        ({"every": "1000"}, "Invalid every 1000"),
        ({"every": -1}, "Invalid every -1"),
        ({"every": 0.5}, "Invalid every 0.5"),
        ({"every": 0}, "Either .pattern or .every options must be defined for this repeatable job"),
        ({"every": True}, "Invalid every true"),
        ({"every": 1000, "limit": -1}, "Invalid limit -1"),
        ({"every": 1000, "count": "2"}, "Invalid count 2"),
        ({"every": 1000, "offset": [1]}, "Invalid offset 1"),
        ({"every": 1000, "immediately": 1}, "Invalid immediately 1, must be a boolean"),
        ({"every": 1000, "key": 5}, "Invalid key 5, must be a string"),
        ({"every": 1000, "startDate": "soon"}, "Invalid startDate soon"),
        ({"every": 1000, "endDate": True}, "Invalid endDate true"),
        ({"pattern": 5}, "Invalid pattern 5, must be a string"),
        ({"pattern": "* * * * *", "tz": 60}, "Invalid tz 60, must be a string"),
        ({"pattern": "* * * * *", "tz": "Mars/Base"}, "Invalid timezone: Mars/Base"),
        (
            {"pattern": "61 * * * *"},
            "Invalid cron pattern: 61 * * * *: minute 61: takes 0 to 59",
        ),
    ],
)
def test_what_no_scheduler_can_follow_is_refused(repeat: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_repeat(repeat, now=HOUR)
    assert str(refused.value) == text


def test_the_next_run_is_after_now_and_after_the_last_one() -> None:
    hourly = {"pattern": "@hourly"}
    assert next_millis(hourly, now=0) == HOUR
    assert next_millis(hourly, now=0, prev=HOUR) == 2 * HOUR
    assert next_millis(hourly, now=5 * HOUR + 1, prev=HOUR) == 6 * HOUR


def test_dates_and_patterns_without_a_zone_are_local() -> None:
    daily = {"pattern": "@daily", "startDate": "2024-05-01T00:00"}
    assert next_millis(daily, now=0, local="UTC") == 1_714_608_000_000
    assert next_millis(daily, now=0, local="Asia/Kolkata") == 1_714_608_000_000 - 11 * HOUR // 2


def test_every_is_left_to_the_engine() -> None:
    assert next_iteration({"every": 1000, "count": 2}, now=0) == Iteration(count=3, millis=None)
    opts = next_job_opts(Iteration(1, None), "s", {"every": 1000}, {"prevMillis": 5, "lifo": True}, now=7)
    assert opts == {"lifo": True, "repeat": {"every": 1000, "count": 1}, "timestamp": 7, "repeatJobKey": "s"}


# The keys are what BullMQ 5.81 stored for the same jobs.
def test_the_key_of_a_repeated_job() -> None:
    assert repeat_key("mail", {"every": 1000, "key": "mine"}) == "mine"
    assert repeat_key("mail", {"pattern": "0 5 * * *", "tz": "Europe/Berlin"}) == "1f19702b72db7824080dc623239d5e77"
    assert (
        repeat_key("mail", {"every": 1000, "endDate": "2040-01-01"}, job_id="7") == "f843d940dd6fc904d5de604b524b08a5"
    )


def test_a_name_that_is_no_unicode_has_a_key() -> None:
    assert len(repeat_key("\ud800", {"every": 1000})) == 32
