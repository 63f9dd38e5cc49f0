"""`SchedulerStore` on Postgres."""

from collections.abc import Callable
from typing import Annotated

import msgspec

from corral.model.errors import PreconditionFailed
from corral.model.scheduler import NewScheduler, StoredScheduler
from corral.policy.places import decode_place, encode_place
from corral.store.schedulers import Following, PutScheduler, SchedulerPage
from corral.stores.postgres.database import Database
from corral.stores.postgres.failures import about
from corral.stores.postgres.scheduler_codec import stored_scheduler

_encode = msgspec.json.Encoder().encode


class _Place(msgspec.Struct, frozen=True):
    """The last scheduler of a page and when it was to run."""

    run: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    key: str


class PostgresSchedulers:
    """Fulfils `store.schedulers.SchedulerStore`, by BullMQ's own functions on a scheduler that is locked first."""

    def __init__(self, database: Database, stored_in: Callable[[str], None]) -> None:
        self._database = database
        self._stored_in = stored_in

    async def advance(self, queue: str, following: Following, now: int) -> str | None:
        opts = _encode(following.opts).decode()
        args = (queue, following.key, following.due, opts, now, following.producer)
        # Sent again, it does no harm: only the newest iteration may produce the next.
        added: str | None = await self._database.value("advance_scheduler", *args, repeat=True)
        return added

    async def exists(self, queue: str, key: str) -> bool:
        return bool(await self._database.value("is_scheduler", queue, key, repeat=True))

    async def put(self, queue: str, scheduler: NewScheduler, now: int, revision: str | None = None) -> PutScheduler:
        self._stored_in(queue)
        parts = (_encode(part).decode() for part in (scheduler.template, scheduler.record, scheduler.first))
        args = (queue, scheduler.key, scheduler.due, scheduler.data.decode(), *parts, now, revision)
        with about(scheduler.key, "addJobScheduler"):
            row = await self._database.row("put_scheduler", *args)
        if row is None:
            raise _changed()
        return PutScheduler(stored_scheduler(row["stored"]), row["job_id"], row["delay"])

    async def get(self, queue: str, key: str) -> StoredScheduler | None:
        found: str | None = await self._database.value("get_scheduler", queue, key, repeat=True)
        return None if found is None else stored_scheduler(found)

    async def page(self, queue: str, cursor: str | None, limit: int) -> SchedulerPage:
        place = None if cursor is None else decode_place(cursor, _Place)
        after = (None, None) if place is None else (place.run, place.key)
        rows = await self._database.rows("page_schedulers", queue, limit, *after, repeat=True)
        schedulers = [stored_scheduler(row[0]) for row in rows]
        if len(schedulers) < limit:
            return SchedulerPage(schedulers, None)
        last = schedulers[-1].scheduler
        return SchedulerPage(schedulers, encode_place(_Place(last.next, last.key)))

    async def between(self, queue: str, start: int, end: int, asc: bool) -> list[StoredScheduler]:
        rows = await self._database.rows("schedulers_between", queue, start, end, asc, repeat=True)
        return [stored_scheduler(row[0]) for row in rows]

    async def count(self, queue: str) -> int:
        count: int = await self._database.value("count_schedulers", queue, repeat=True)
        return count

    async def remove(self, queue: str, key: str, revision: str | None = None) -> bool:
        code: int | None = await self._database.value("remove_scheduler", queue, key, revision)
        if code is None:
            raise _changed()
        return code == 0


def _changed() -> PreconditionFailed:
    return PreconditionFailed("The scheduler has changed since it was read")
