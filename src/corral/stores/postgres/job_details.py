"""`JobDetailStore` on Postgres."""

from collections.abc import Sequence

import msgspec

from corral.model.errors import JobNotFound
from corral.model.job import Job
from corral.model.result import JobResult
from corral.stores.postgres.codec import stored_job
from corral.stores.postgres.database import Database
from corral.stores.postgres.names import Names


class PostgresJobDetails:
    """Fulfils `store.job_details.JobDetailStore`. Every change is one round trip."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def many(self, queue: str, job_ids: Sequence[str]) -> list[Job | None]:
        rows = await self._database.rows("get_many", queue, list(job_ids), repeat=True) if job_ids else []
        found = {row["id"]: stored_job(self._names, queue, row) for row in rows}
        return [found.get(job_id) for job_id in job_ids]

    async def state(self, queue: str, job_id: str) -> str:
        state: str | None = await self._database.value("state", queue, job_id, repeat=True)
        if state is None:
            raise not_found(job_id)
        return state

    async def result(self, queue: str, job_id: str) -> JobResult | None:
        row = await self._database.row("result", queue, job_id, repeat=True)
        if row is None:
            raise not_found(job_id)
        state, returnvalue, reason = row
        if state == "completed":
            return JobResult(job_id, state, returnvalue=msgspec.Raw((returnvalue or "null").encode()))
        return JobResult(job_id, state, failed_reason=reason or "") if state == "failed" else None

    async def exists(self, queue: str, job_id: str) -> bool:
        return await self._database.row("state", queue, job_id, repeat=True) is not None

    async def set_data(self, queue: str, job_id: str, data: bytes) -> None:
        if not await self._database.rows("set_data", queue, job_id, data.decode(), repeat=True):
            raise not_found(job_id)

    async def swap_data(self, queue: str, job_id: str, old: bytes, new: bytes) -> bool:
        return bool(await self._database.rows("swap_data", queue, job_id, old.decode(), new.decode()))

    async def clear_logs(self, queue: str, job_id: str, keep: int) -> None:
        if not await self._database.value("clear_logs", queue, job_id, keep, repeat=True):
            raise not_found(job_id)


def not_found(job_id: str) -> JobNotFound:
    return JobNotFound(f"Job {job_id} not found")
