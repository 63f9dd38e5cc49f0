"""Job schedulers as they are stored: the record, the template of their jobs, and the next job."""

from typing import Any

from corral.model.errors import BadField, InvalidInput
from corral.model.job import JobOptions
from corral.model.scheduler import NewScheduler
from corral.policy.addable import check_addable
from corral.policy.given_options import check_given
from corral.policy.options import normalise, tidy
from corral.policy.recurrence import Repeat, check_repeat, next_iteration, next_job_opts, scheduler_record

_FURTHEST = 10**14  # the year 5138: BullMQ's scripts write no more than 14 digits of a time into the ids of jobs
_EACH_OWN = ("jobId", "repeat", "delay", "parent", "group")


def new_scheduler(key: str, name: str, data: bytes, repeat: Repeat, template: JobOptions, now: int) -> NewScheduler:
    """The scheduler that starts now. Raises InvalidInput for a recurrence that cannot be followed or is over."""
    check_repeat(repeat, now)
    iteration = next_iteration(repeat, now)
    if iteration is None:
        raise InvalidInput("The repetition is over before it began")
    record = scheduler_record(repeat, name)
    _check_reach(record, iteration.millis or 0, now)
    first = next_job_opts(iteration, key, repeat, template, now)
    return NewScheduler(key, name, data, record, template, first, iteration.millis or 0)


def _check_reach(record: dict[str, Any], due: int, now: int) -> None:
    for option in ("every", "offset"):
        if now + record.get(option, 0) >= _FURTHEST:
            raise BadField.at(f"/{option}", InvalidInput(f"Invalid {option}: the next run is too far away"))
    if max(due, record.get("startDate", 0)) >= _FURTHEST:
        raise InvalidInput("The first run is too far away")


def template_options(opts: Any) -> JobOptions:
    """Options for all jobs of a scheduler, as given: unlike those of a job they get no defaults.

    Raises BadField, with a pointer to the option.
    """
    checked = check_given(opts)
    for option in _EACH_OWN:
        if checked.get(option) is not None:
            error = InvalidInput(f"{option} is not for the jobs of a scheduler, which have each their own")
            raise BadField.at(f"/{option}", error)
    check_addable(normalise(checked))
    template: JobOptions = tidy(checked)
    return template
