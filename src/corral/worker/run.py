"""The heart: what happens to one claimed job, from the claim to its outcome."""

from collections.abc import Awaitable, Callable

from corral.model.job import ClaimedJob
from corral.model.outcome import Failed, Outcome

Runner = Callable[[ClaimedJob], Awaitable[Outcome]]
"""Whatever can do a job: an HTTP endpoint, a WebSocket client, a function. Raising means failing."""

Prepare = Callable[[ClaimedJob], Awaitable[None]]
"""What must be stored before the job runs, such as the next run of its schedule."""


async def run(claimed: ClaimedJob, prepare: Prepare, call: Runner) -> Outcome:
    """guard -> prepare -> call -> judge. Never raises, except when cancelled."""
    refused = guard(claimed)
    if refused is not None:
        return refused
    try:
        if claimed.job.repeat_job_key:
            await prepare(claimed)
        return await call(claimed)
    except Exception as error:  # noqa: BLE001 - whatever a runner raises has failed its job
        return judge(error)


def guard(claimed: ClaimedJob) -> Failed | None:
    """A job that was already condemned, as by stalling too often, is not run again."""
    if claimed.deferred_failure is None:
        return None
    return Failed(reason=claimed.deferred_failure, unrecoverable=True)


def judge(error: Exception) -> Failed:
    """A runner that raised has failed its job, with the error's words."""
    return Failed(reason=str(error) or type(error).__name__)
