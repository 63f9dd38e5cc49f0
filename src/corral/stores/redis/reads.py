"""Looking at jobs, and what a running job writes about itself: progress and logs."""

from collections.abc import Sequence

from corral.model.errors import JobNotFound, StoreError
from corral.model.job import Job
from corral.stores.redis.codec import fields, stored_job
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

_BACKFILL = 5  # rounds in which BullMQ's script replaces ids whose job has gone


class Reader:
    """The questions about jobs; all safe to ask again."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def get(self, queue: str, job_id: str) -> Job | None:
        keys = self._keys.of(queue)
        try:
            found = fields(await self._connection.send("HGETALL", keys.job(job_id), repeat=True))
        except StoreError:  # WRONGTYPE: the id names another key of the queue
            return None
        return stored_job(keys.qualified, job_id, found) if b"timestamp" in found else None

    async def in_states(self, queue: str, states: Sequence[str], start: int, end: int, asc: bool) -> list[Job]:
        keys = self._keys.of(queue)
        names = ["wait" if state == "waiting" else state for state in states]
        args = (start, end, "1" if asc else "0", _BACKFILL, *names)
        groups = await run(self._connection, official("getJobs"), (keys.base,), *args, repeat=True)
        return [stored_job(keys.qualified, entry[0].decode(), fields(entry[1])) for group in groups for entry in group]

    async def lock_token(self, queue: str, job_id: str) -> str | None:
        key = self._lock_key(self._keys.of(queue), job_id)
        try:
            token = await self._connection.send("GET", key, repeat=True)
        except StoreError:  # WRONGTYPE: a job whose id ends in `:lock`
            return None
        return None if token is None else token.decode(errors="replace")

    async def set_progress(self, queue: str, job_id: str, progress: bytes) -> None:
        keys = self._keys.of(queue)
        names = (keys.job(job_id), keys.events, keys.meta)
        if await run(self._connection, official("updateProgress"), names, job_id, progress, repeat=True) < 0:
            raise JobNotFound(f"Missing key for job {job_id}. updateProgress")

    async def add_log(self, queue: str, job_id: str, row: str, keep: int | None) -> int:
        key = self._keys.of(queue).job(job_id)
        args = (job_id, row, "" if keep is None else keep)
        count: int = await run(self._connection, official("addLog"), (key, f"{key}:logs"), *args)
        if count < 0:
            raise JobNotFound(f"Missing key for job {job_id}. addLog")
        return count

    async def logs(self, queue: str, job_id: str, start: int, end: int, asc: bool) -> tuple[list[str], int]:
        key = self._keys.of(queue).job(job_id) + ":logs"
        window = (start, end) if asc else (-(end + 1), -(start + 1))
        rows, count = self._connection.send_many([("LRANGE", key, *window), ("LLEN", key)])
        try:
            found = [row.decode(errors="replace") for row in await rows]
        except StoreError:
            return [], 0
        return found if asc else found[::-1], await count

    @staticmethod
    def _lock_key(keys: QueueKeys, job_id: str) -> str:
        return keys.job(job_id) + ":lock"
