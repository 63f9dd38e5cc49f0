"""What became of jobs while nobody listened, and whose events the engine has dropped since."""

from collections.abc import Iterable, Sequence

import msgspec

from corral.model.job import Job
from corral.policy.changes import COMPLETED, FAILED, Change
from corral.policy.event_ids import is_after, order
from corral.store.events import QueueEvent
from corral.store.store import Store

SLACK_MS = 5_000
"""By which the engine's clock and those of workers may differ, so that no end falls between them."""

_PAGE = 500
_MOST = 100_000
_REMEMBERED = 20_000


class Gap(msgspec.Struct, frozen=True):
    """From one moment to another (ms), both included."""

    begin: int
    end: int


def gap_before(events: Iterable[QueueEvent], last: str, at: int, oldest: str) -> Gap | None:
    """Between the last event that was seen, written at `at`, and these; there may have been nothing in it.

    None where the engine still has the last one, or an earlier one, and so all in between.
    """
    first = min((event for event in events if is_after(event.id, last)), key=lambda one: order(one.id), default=None)
    return Gap(at - SLACK_MS, first.at + SLACK_MS) if first is not None and is_after(oldest, last) else None


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


class Ends:
    """The ends of jobs that were told of lately, so that none is told of by its event and by a gap as well."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], int] = {}
        self._found: dict[tuple[str, str], int] = {}

    def heard(self, changes: Sequence[Change]) -> list[Change]:
        """Of what events say, all that was not found in a gap already."""
        return [change for change in changes if not self._is_known(change, self._found, self._heard)]

    def found(self, changes: Sequence[Change]) -> list[Change]:
        """Of what was found in a gap, all that no event has told of."""
        return [change for change in changes if not self._is_known(change, self._heard, self._found)]

    def _is_known(self, change: Change, told: dict[tuple[str, str], int], own: dict[tuple[str, str], int]) -> bool:
        if change.status not in (COMPLETED, FAILED):
            return False
        name = (change.job_id, change.status)
        if abs(told.get(name, -SLACK_MS) - change.at) <= SLACK_MS:  # the same end: one job may end more than once
            return True
        own[name] = change.at
        if len(own) > _REMEMBERED:
            del own[next(iter(own))]
        return False


def _end(job: Job, state: str, at: int) -> Change:
    error = None if job.failed_reason is msgspec.UNSET else msgspec.json.encode(job.failed_reason)
    result = bytes(job.returnvalue) if state == COMPLETED else None
    return Change(f"ended:{job.id}:{at}", state, at, job.id, result, error if state == FAILED else None)
