"""What workers outside say of their jobs: begun, got so far, completed, failed, or a word of their own."""

from typing import Any

import msgspec

from corral.model.errors import CorralError, LockLost, NotInState
from corral.model.job_card import JobCard
from corral.model.lease import Held
from corral.model.outcome import Completed, Failed, Outcome
from corral.operations.services import Services
from corral.operations.submitted_jobs import card_of, look, note
from corral.policy.submissions import Report

REPORTED = "reported"
"""The event of a status that is no state."""

_REFUSAL = "Request failed with status code 409"
"""Workers that take every error for one of their job's tell of our refusal to let them start it, in axios's words. The
job is somebody else's, or not to be started now: it has not failed."""

_ENDS = ("completed", "failed")
_WAITS = ("waiting", "prioritized", "delayed")
_TIMES = {"started": "started_at", "completed": "completed_at", "failed": "failed_at"}
_encode = msgspec.json.Encoder().encode


async def report(services: Services, job_id: str, said: Report, lock_ms: int) -> None:
    """Make it so, and keep the words. Raises `JobNotFound`, `Forbidden`, and `NotInState` for what can no longer be."""
    card = await card_of(services, job_id)
    if said.status == "failed" and said.error == _REFUSAL:
        return
    moved = True
    match said.status:
        case "started":
            await _start(services, card, lock_ms)
        case "progress":
            await _hold(services, card, lock_ms)
            await _progress(services, card, said.progress)
        case "completed" | "failed":
            moved = await _end(services, card, said, lock_ms)
        case _:
            await look(services.store, card)
    await _remember(services, card, said, moved)
    if said.status not in _TIMES and said.status != "progress":
        await services.store.events.publish(card.queue, REPORTED, _event(card, said))


async def _start(services: Services, card: JobCard, lock_ms: int) -> None:
    """Exactly one of several has the job after that."""
    claimed = await services.store.job_moves.take(card.queue, card.job_id, _token(card), lock_ms, services.clock())
    if claimed.deferred_failure:
        await _finish(services, card, Failed(claimed.deferred_failure, unrecoverable=True))
        raise NotInState(f"Job {card.job_id} has failed: {claimed.deferred_failure}")


async def _hold(services: Services, card: JobCard, lock_ms: int) -> None:
    """The job runs: it begins now if it waited, and stays with its worker."""
    _, state = await look(services.store, card)
    if state in _ENDS:
        raise NotInState(f"Job {card.job_id} is {state} already")
    if state in _WAITS:
        try:
            return await _start(services, card, lock_ms)
        except NotInState:
            _, state = await look(services.store, card)
            if state != "active":
                raise
    await services.store.jobs.renew(card.queue, [Held(card.job_id, _token(card))], lock_ms)


async def _progress(services: Services, card: JobCard, progress: Any) -> None:
    if progress is not msgspec.UNSET:
        await services.store.jobs.set_progress(card.queue, card.job_id, _encode(progress))


async def _end(services: Services, card: JobCard, said: Report, lock_ms: int) -> bool:
    """Whether that was not so before."""
    await _try_to_hold(services, card, said.status, lock_ms)
    _, state = await look(services.store, card)
    if state == said.status:
        return False
    if state in _ENDS:
        raise NotInState(f"Job {card.job_id} is {state} already")
    await _progress(services, card, said.progress)
    try:
        await _finish(services, card, _outcome(said))
    except (LockLost, NotInState) as error:
        _, state = await look(services.store, card)
        if state == said.status:
            return False
        raise NotInState(str(error)) from None
    return True


async def _try_to_hold(services: Services, card: JobCard, wanted: str, lock_ms: int) -> None:
    try:
        await _hold(services, card, lock_ms)
    except NotInState:
        _, state = await look(services.store, card)
        if state != wanted:
            raise


async def _finish(services: Services, card: JobCard, outcome: Outcome) -> None:
    (problem,) = await services.lessor.finish(card.queue, [(Held(card.job_id, _token(card)), outcome)])
    if isinstance(problem, CorralError):
        raise problem


async def _remember(services: Services, card: JobCard, said: Report, moved: bool) -> None:
    """The first time of each kind stays; what is said again leaves no second note."""
    now = services.clock()
    changes: dict[str, Any] = {}
    if said.metadata is not msgspec.UNSET:
        changes["metadata"] = said.metadata
    field = _TIMES.get(said.status)
    if field is not None and getattr(card, field) is None:
        changes[field] = now
    if not (moved or changes):
        return
    words = msgspec.structs.asdict(said)
    del words["status"]
    noted = note(card.job_id, said.status, now, words) if moved else None
    await services.store.job_index.merge(card.queue, card.job_id, changes, noted)


def _outcome(said: Report) -> Outcome:
    if said.status == "failed":
        return Failed(said.reason, unrecoverable=True)
    return Completed(b"null" if said.result is msgspec.UNSET else bytes(said.result))


def _event(card: JobCard, said: Report) -> dict[str, str]:
    words = {name: getattr(said, name) for name in ("progress", "result", "error")}
    given = {name: _encode(value).decode() for name, value in words.items() if value is not msgspec.UNSET}
    return {"jobId": card.job_id, "status": said.status, **given}


def _token(card: JobCard) -> str:
    """Workers outside show no token of their own, so the one of the job says that it is in their hands."""
    return f"api:{card.job_id}"
