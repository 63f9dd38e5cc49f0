"""When a schedule runs."""

import pytest

from corral.model.errors import InvalidInput
from corral.model.schedule import Schedule, ScheduledEndpoint, Timing
from corral.model.scheduler import Scheduler, StoredScheduler
from corral.policy.built_in_queues import JobDefaults
from corral.policy.schedule_timing import check_timing, is_followed, scheduler_of, shown_timing

NOW = 1_795_000_000_000


def schedule(timing: Timing) -> Schedule:
    return Schedule("5a", "app", "q", "report", ScheduledEndpoint("http://h/", "GET"), timing, NOW, NOW)


@pytest.mark.parametrize(
    ("timing", "executed"),
    [(Timing(), 0), (Timing(cron="@daily", at=NOW + 1), 0), (Timing(at=NOW), 0), (Timing(cron="@daily", limit=2), 2),
     (Timing(cron="@daily", end_date=NOW), 0), (Timing(cron="60 * * * *"), 0), (Timing(at=NOW + 1, timezone="x"), 0)],
)  # fmt: skip
def test_timings_by_which_nothing_runs(timing: Timing, executed: int) -> None:
    with pytest.raises(InvalidInput):
        check_timing(timing, executed, NOW)


def test_what_has_run_counts_for_the_limit() -> None:
    timing = Timing(cron="@hourly", limit=5)
    check_timing(timing, 4, NOW)
    new, first = scheduler_of(schedule(timing), b"{}", 4, JobDefaults(), NOW)
    assert new.first["repeat"] == {"pattern": "@hourly", "tz": "UTC", "limit": 5, "count": 5}
    assert first == new.first["jobId"] == f"repeat:5a:{new.due}"


def test_a_moment_is_an_interval_with_one_job() -> None:
    new, first = scheduler_of(schedule(Timing(at=NOW + 5)), b"{}", 0, JobDefaults(), NOW)
    assert (new.record["startDate"], new.record["limit"], first) == (NOW + 5, 1, f"repeat:5a:{NOW + 5}")


def test_its_jobs_are_tried_as_its_policy_says_and_kept_as_others_are() -> None:
    new, _ = scheduler_of(schedule(Timing(cron="@hourly")), b"{}", 0, JobDefaults(completed_age=7), NOW)
    assert (new.template["attempts"], new.template["backoff"]) == (3, {"type": "exponential", "delay": 5000})
    assert new.template["removeOnComplete"] == {"age": 7, "count": 100}


def test_a_scheduler_follows_what_it_was_made_for() -> None:
    stored = StoredScheduler(Scheduler("5a", "report", NOW, pattern="@hourly", tz="UTC", limit=3))
    assert is_followed(schedule(Timing(cron="@hourly", limit=3)), stored)
    for other in (Timing(cron="@daily", limit=3), Timing(cron="@hourly", limit=4), Timing(at=NOW + 5)):
        assert not is_followed(schedule(other), stored)
    assert not is_followed(schedule(Timing(cron="@hourly", limit=3)), None)


def test_what_was_not_said_is_not_shown() -> None:
    assert shown_timing(Timing(at=0)) == {"at": "1970-01-01T00:00:00.000Z", "timezone": "UTC"}
    assert shown_timing(Timing(cron="@daily", limit=1)) == {"cron": "@daily", "timezone": "UTC", "limit": 1}
