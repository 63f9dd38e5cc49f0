"""What became of jobs while nobody listened, and whose events the engine has dropped since."""

import msgspec

from corral.model.job import Job
from corral.policy.changes import COMPLETED, FAILED, Change
from corral.store.store import Store

_PAGE = 500
_MOST = 100_000


class Gap(msgspec.Struct, frozen=True):
    """From one moment to another (ms), both included."""

    begin: int
    end: int


async def ends_in(store: Store, queue: str, gap: Gap) -> list[Change]:
    """How jobs that are still there ended in the gap, oldest first. Raises `StoreUnavailable`."""
    found: list[Change] = []
    for state in (COMPLETED, FAILED):
        for first in range(0, _MOST, _PAGE):
            jobs = await store.jobs.in_states(queue, [state], first, first + _PAGE - 1, False)
            ended = [(job, job.finished_on) for job in jobs if job.finished_on is not msgspec.UNSET]
            found += [_end(job, state, when) for job, when in ended if gap.begin <= when <= gap.end]
            if len(jobs) < _PAGE or any(when < gap.begin for _, when in ended):
                break
    return sorted(found, key=lambda change: change.at)


def _end(job: Job, state: str, at: int) -> Change:
    error = None if job.failed_reason is msgspec.UNSET else msgspec.json.encode(job.failed_reason)
    result = bytes(job.returnvalue) if state == COMPLETED else None
    return Change(f"ended:{job.id}:{at}", state, at, job.id, result, error if state == FAILED else None)
