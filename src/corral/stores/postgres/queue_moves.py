"""`QueueMoveStore` on Postgres: BullMQ's own functions, each a bounded batch."""

from collections.abc import Awaitable, Callable

from corral.model.errors import QueueActive, QueueNotPaused
from corral.stores.postgres.database import Database

_PARKED = 1_000


class PostgresQueueMoves:
    """Fulfils `store.queue_moves.QueueMoveStore`."""

    def __init__(self, database: Database, noted: Callable[[], Awaitable[None]], moved: Callable[[str], None]) -> None:
        self._database = database
        self._noted = noted
        self._moved = moved

    async def drain(self, queue: str, delayed: bool) -> None:
        while await self._database.value("remove_parked", queue, delayed, _PARKED, repeat=True):
            pass
        await self._database.rows("drain", queue, delayed, repeat=True)
        await self._database.rows("sweep_groups", queue, 0, _PARKED, None, repeat=True)

    async def clean(self, queue: str, state: str, before: int, most: int) -> list[str]:
        if state == "paused":
            return []  # a pause moves no jobs; that state is BullMQ 5's on Redis
        self._moved(queue)
        if state == "active":
            found = await self._database.rows("clean_active", queue, before, most)
        else:
            found = await self._database.rows("clean", queue, state, before, most)
        job_ids = [row["id"] for row in found]
        if job_ids:
            await self._database.rows("leave_groups", queue, job_ids, repeat=True)
        return job_ids

    async def obliterate(self, queue: str, force: bool, most: int) -> bool:
        self._moved(queue)
        await self._noted()  # what is noted of the queue goes with it
        match await self._database.value("obliterate", queue, most, force):
            case -1:
                raise QueueNotPaused("Cannot obliterate non-paused queue")
            case -2:
                raise QueueActive("Cannot obliterate queue with active jobs")
            case 0:
                await self._database.rows("wipe_groups", queue, repeat=True)
                return False
        return True

    async def move_to_waiting(self, queue: str, state: str, until: int | None, most: int) -> bool:
        if await self._database.value("all_again_in_groups", queue, state, most, until):
            return True
        self._moved(queue)
        if state == "delayed":
            moved: int = await self._database.value("promote_jobs", queue, most)
        else:
            moved = await self._database.value("retry_jobs", queue, state, most, until)
        return moved >= most

    async def remove_orphans(self, queue: str, cursor: str | None, most: int) -> tuple[int, str | None]:
        return 0, None  # a job and its state are one row

    async def remove_priority_key(self, queue: str) -> bool:
        return False

    async def trim_events(self, queue: str, length: int) -> int:
        trimmed: int = await self._database.value("trim_events", queue, length, repeat=True)
        return trimmed
