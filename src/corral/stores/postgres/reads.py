"""Looking at jobs, and what a running job writes about itself: progress and logs."""

from collections.abc import Sequence

from corral.model.errors import JobNotFound
from corral.model.job import Job
from corral.stores.postgres.codec import stored_job
from corral.stores.postgres.database import Database
from corral.stores.postgres.names import Names


class Reader:
    """The questions about jobs; all safe to ask again."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def get(self, queue: str, job_id: str) -> Job | None:
        row = await self._database.row("get", queue, job_id, repeat=True)
        return None if row is None else stored_job(self._names, queue, row)

    async def in_states(self, queue: str, states: Sequence[str], start: int, end: int, asc: bool) -> list[Job]:
        rows = await self._database.rows("in_states", queue, list(states), start, end, asc, repeat=True)
        return [stored_job(self._names, queue, row) for row in rows]

    async def lock_token(self, queue: str, job_id: str) -> str | None:
        token: str | None = await self._database.value("lock_token", queue, job_id, repeat=True)
        return token

    async def set_progress(self, queue: str, job_id: str, progress: bytes) -> None:
        if not await self._database.value("set_progress", queue, job_id, progress.decode(), repeat=True):
            raise JobNotFound(f"Missing key for job {job_id}. updateProgress")

    async def add_log(self, queue: str, job_id: str, row: str, keep: int | None) -> int:
        count: int = await self._database.value("add_log", queue, job_id, row, keep)
        if count < 0:
            raise JobNotFound(f"Missing key for job {job_id}. addLog")
        return count

    async def logs(self, queue: str, job_id: str, start: int, end: int, asc: bool) -> tuple[list[str], int]:
        rows = await self._database.rows("logs", queue, job_id, start, end, asc, repeat=True)
        return [row["row"] for row in rows if row["row"] is not None], rows[0]["total"]
