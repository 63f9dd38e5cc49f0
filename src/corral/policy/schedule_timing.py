"""When a schedule runs: what is refused, and its recurrence in BullMQ's words."""

from typing import Any

from corral.model.errors import InvalidInput
from corral.model.job import JobOptions
from corral.model.schedule import RetryPolicy, Schedule, Timing
from corral.model.scheduler import NewScheduler, StoredScheduler
from corral.policy.built_in_queues import JobDefaults
from corral.policy.cron import Cron
from corral.policy.cron.zone import zone_named
from corral.policy.moments import iso
from corral.policy.recurrence import scheduler_record
from corral.policy.scheduling import new_scheduler, template_options

_DAY_MS = 86_400_000


def check_timing(timing: Timing, executed: int, now: int) -> None:
    """Raises `InvalidInput`, in the service's words, for a timing by which nothing will run."""
    if not timing.cron and timing.at is None:
        raise InvalidInput("Either cron pattern or at time must be specified")
    if timing.cron and timing.at is not None:
        raise InvalidInput("Cannot specify both cron pattern and at time")
    try:
        zone_named(timing.timezone)
    except InvalidInput:
        raise InvalidInput(f"Invalid timezone: {timing.timezone}") from None
    if timing.cron:
        _check_cron(timing.cron, timing.timezone)
    if timing.at is not None and timing.at <= now:
        raise InvalidInput("Scheduled time must be in the future")
    if timing.end_date is not None and timing.end_date <= now:
        raise InvalidInput("End date must be in the future")
    if timing.limit is not None and executed >= timing.limit:
        raise InvalidInput("The limit of executions is reached")


def scheduler_of(
    schedule: Schedule, data: bytes, executed: int, defaults: JobDefaults, now: int
) -> tuple[NewScheduler, str]:
    """The BullMQ scheduler that makes the jobs of the schedule, and the id of the first one. Raises `InvalidInput`."""
    repeat = _repeat(schedule.timing, executed)
    template = _template(schedule.retry_policy, defaults)
    new = new_scheduler(schedule.id, schedule.name, data, repeat, template, now)
    return new, new.first.get("jobId") or f"repeat:{schedule.id}:{schedule.timing.at}"


def is_followed(schedule: Schedule, stored: StoredScheduler | None) -> bool:
    """Whether the scheduler in the engine has the timing of the schedule."""
    if stored is None:
        return False
    wanted = scheduler_record(_repeat(schedule.timing, 0), schedule.name)
    names = {"startDate": "start_date", "endDate": "end_date"}
    return all(getattr(stored.scheduler, names.get(name, name), None) == value for name, value in wanted.items())


def shown_timing(timing: Timing) -> dict[str, Any]:
    """As clients see it; what was not said is left out."""
    shown = {
        "cron": timing.cron,
        "at": None if timing.at is None else iso(timing.at),
        "timezone": timing.timezone,
        "endDate": None if timing.end_date is None else iso(timing.end_date),
        "limit": timing.limit,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _check_cron(pattern: str, timezone: str) -> None:
    try:
        Cron.parse(pattern, timezone)
    except InvalidInput:
        raise InvalidInput(f"Invalid cron pattern: {pattern}") from None


def _repeat(timing: Timing, executed: int) -> dict[str, Any]:
    """One moment is an interval that begins then and ends with its first job."""
    if timing.at is not None:
        return {"every": _DAY_MS, "startDate": timing.at, "limit": 1}
    repeat = {"pattern": timing.cron, "tz": timing.timezone, "endDate": timing.end_date, "limit": timing.limit}
    repeat["count"] = executed or None
    return {name: value for name, value in repeat.items() if value is not None}


def _template(policy: RetryPolicy, defaults: JobDefaults) -> JobOptions:
    return template_options({
        "attempts": policy.attempts,
        "backoff": {"type": policy.backoff.type, "delay": policy.backoff.delay},
        "removeOnComplete": {"age": defaults.completed_age, "count": defaults.completed_count},
        "removeOnFail": {"age": defaults.failed_age, "count": defaults.failed_count},
    })  # fmt: skip
