"""`JobMoveStore` on Postgres, by BullMQ's own functions on a job that is locked first."""

from corral.model.errors import BelongsToScheduler, JobLocked, NotInState
from corral.model.job import ClaimedJob
from corral.policy.refusals import refusal
from corral.stores.postgres.codec import claimed_job
from corral.stores.postgres.database import Database
from corral.stores.postgres.job_details import not_found
from corral.stores.postgres.names import Names

_NOT_THERE = -3  # not in the state that the move starts from


class PostgresJobMoves:
    """Fulfils `store.job_moves.JobMoveStore`, in one round trip each. Nothing is sent twice."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def take(self, queue: str, job_id: str, token: str, lock_ms: int, now: int) -> ClaimedJob:
        row = await self._database.row("take", queue, job_id, token, lock_ms, now)
        if row is None or row["code"] is not None:
            _check(-1 if row is None else row["code"], job_id, "waiting", "")
        assert row is not None
        return claimed_job(self._names, queue, row, token, now + lock_ms)

    async def promote(self, queue: str, job_id: str) -> None:
        code = await self._database.value("promote", queue, job_id)
        if code == _NOT_THERE and await self._database.value("delay_in_group", queue, job_id, 0, 0):
            return
        _check(code, job_id, "delayed", "promote")

    async def retry(
        self, queue: str, job_id: str, state: str, *, reset_attempts_made: bool, reset_attempts_started: bool
    ) -> None:
        reset = (reset_attempts_made, reset_attempts_started)
        _check(await self._database.value("retry", queue, job_id, state, *reset), job_id, state, "retry")

    async def remove(self, queue: str, job_id: str, with_children: bool) -> None:
        code = await self._database.value("remove", queue, job_id, with_children)
        if code == 0:
            raise JobLocked(f"Job {job_id}, or a job below it, is held by a worker")
        if code == -8:
            raise BelongsToScheduler(f"Job {job_id} belongs to a job scheduler and cannot be removed by itself")
        _check(code, job_id, "", "remove")

    async def change_delay(self, queue: str, job_id: str, delay: int, now: int) -> None:
        code = await self._database.value("change_delay", queue, job_id, delay, now)
        if code == _NOT_THERE and await self._database.value("delay_in_group", queue, job_id, delay, now):
            return
        _check(code, job_id, "delayed", "changeDelay")

    async def change_priority(self, queue: str, job_id: str, priority: int, lifo: bool) -> None:
        code = await self._database.value("change_priority", queue, job_id, priority, lifo)
        _check(code, job_id, "", "changePriority")

    async def discard(self, queue: str, job_id: str) -> None:
        """In one step, and one round trip."""
        if not await self._database.value("discard", queue, job_id, repeat=True):
            raise not_found(job_id)


def _check(code: int | None, job_id: str, state: str, verb: str) -> None:
    """What a negative answer, or none, means to these functions."""
    match code:
        case None | -1:
            raise not_found(job_id)
        case -3:
            raise NotInState(f"Job {job_id} is not {state}")
        case _ if code < 0:
            raise refusal(code, job_id, verb)
