"""`JobDetailStore` on Redis."""

from collections.abc import Sequence
from typing import Any

from corral.model.errors import JobNotFound, StoreError
from corral.model.job import Job
from corral.model.result import JobResult
from corral.policy.json_body import json_or_text
from corral.stores.redis.codec import fields, stored_job
from corral.stores.redis.connection import Connection
from corral.stores.redis.job_ids import check_job, is_job, of_job
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official, own

_NOT_FINISHED, _COMPLETED = 0, 1


class RedisJobDetails:
    """Fulfils `store.job_details.JobDetailStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def many(self, queue: str, job_ids: Sequence[str]) -> list[Job | None]:
        keys = self._keys.of(queue)
        found: list[Job | None] = []
        asked = [self._connection.send("HGETALL", keys.job(job_id), repeat=True) for job_id in job_ids]
        for job_id, reply in zip(job_ids, asked, strict=True):
            try:
                stored = fields(await reply)
            except StoreError:  # WRONGTYPE: the id names another key of the queue
                stored = {}
            found.append(stored_job(keys.qualified, job_id, stored) if b"timestamp" in stored else None)
        return found

    async def state(self, queue: str, job_id: str) -> str:
        keys = self._keys.of(queue)
        names = ("completed", "failed", "delayed", "active", "wait", "paused", "waiting-children", "prioritized")
        asked = run(self._connection, official("getStateV2"), keys.many(*names), job_id, repeat=True)
        (state,) = await of_job(self._connection, keys.job(job_id), job_id, asked)
        return str(state, "ascii")

    async def result(self, queue: str, job_id: str) -> JobResult | None:
        keys = self._keys.of(queue)
        names = (*keys.many("completed", "failed"), keys.job(job_id))
        asked = run(self._connection, official("isFinished"), names, job_id, "1", repeat=True)
        ((code, *rest),) = await of_job(self._connection, keys.job(job_id), job_id, asked)
        if code < 0:
            raise JobNotFound(f"Job {job_id} not found")
        if code == _NOT_FINISHED:
            return None
        value: bytes | None = rest[0] if rest else None
        if code == _COMPLETED:
            return JobResult(job_id, "completed", returnvalue=json_or_text(value or b"null"))
        return JobResult(job_id, "failed", failed_reason=(value or b"").decode(errors="replace"))

    async def exists(self, queue: str, job_id: str) -> bool:
        return await is_job(self._connection, self._keys.of(queue).job(job_id))

    async def set_data(self, queue: str, job_id: str, data: bytes) -> None:
        key = self._keys.of(queue).job(job_id)
        await check_job(self._connection, key, job_id)
        if await run(self._connection, official("updateData"), (key,), data, repeat=True) < 0:
            raise JobNotFound(f"Job {job_id} not found")

    async def swap_data(self, queue: str, job_id: str, old: bytes, new: bytes) -> bool:
        key = self._keys.of(queue).job(job_id)
        return bool(await run(self._connection, own("replace"), (key,), "data", old, new))

    async def clear_logs(self, queue: str, job_id: str, keep: int) -> None:
        key = self._keys.of(queue).job(job_id)
        await check_job(self._connection, key, job_id)
        command: tuple[Any, ...] = ("LTRIM", f"{key}:logs", -keep, -1) if keep else ("DEL", f"{key}:logs")
        await self._connection.send(*command, repeat=True)
