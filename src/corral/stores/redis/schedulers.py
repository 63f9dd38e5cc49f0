"""`SchedulerStore` on Redis."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import msgspec

from corral.model.errors import PreconditionFailed
from corral.model.scheduler import NewScheduler, StoredScheduler
from corral.policy.options import encode_short
from corral.policy.places import decode_place, encode_place
from corral.policy.refusals import refusal
from corral.store.schedulers import Following, PutScheduler, SchedulerPage
from corral.stores.redis.adding import scheduler_call
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.revision import CHANGED, guarded
from corral.stores.redis.run import Call, Value, run, run_atomically
from corral.stores.redis.scheduler_codec import stored_scheduler
from corral.stores.redis.scripts import official, own

_pack = msgspec.msgpack.Encoder().encode
_ID_OF_PUT, _ID_OF_REMOVE = 3, 1  # which argument of the scripts is the scheduler's id


class _Place(msgspec.Struct, frozen=True):
    """The last scheduler of a page and when it was to run."""

    run: Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-][0-9]{1,3})?$")]
    key: bytes


class RedisSchedulers:
    """Fulfils `store.schedulers.SchedulerStore`."""

    def __init__(
        self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None] = lambda queue: None
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in

    async def advance(self, queue: str, following: Following, now: int) -> str | None:
        keys = self._keys.of(queue)
        names = (
            *keys.many("repeat", "delayed", "wait", "paused", "meta", "prioritized", "marker", "id", "events"),
            keys["pc"],
            keys.job(following.producer),
            keys.active,
        )
        packed = _pack(encode_short(following.opts))
        args = (following.due, following.key, following.data, packed, now, keys.base, following.producer)
        scheduler = f"{keys['repeat']}:{following.key}"
        kept = run(self._connection, own("template"), (scheduler,), following.data, repeat=True)
        # Sent again, it does no harm: only the newest iteration may produce the next.
        advanced = run(self._connection, official("updateJobScheduler"), names, *args, repeat=True)
        _, added = await asyncio.gather(kept, advanced)
        return added.decode() if isinstance(added, bytes) else None

    async def exists(self, queue: str, key: str) -> bool:
        field = f"{self._keys.of(queue)['repeat']}:{key}"
        return bool(await self._connection.send("HEXISTS", field, "ic", repeat=True))

    async def put(self, queue: str, scheduler: NewScheduler, now: int, revision: str | None = None) -> PutScheduler:
        call = scheduler_call(self._keys.of(queue), scheduler, now)
        putting = self._change(call, _ID_OF_PUT, revision)
        reading = self.get(queue, scheduler.key)
        self._stored_in(queue)
        put, stored = await asyncio.gather(putting, reading)
        if isinstance(put, int):
            raise refusal(put, scheduler.key, "addJobScheduler")
        return PutScheduler(stored, put[0].decode(errors="replace"), int(float(put[1])))

    async def get(self, queue: str, key: str) -> StoredScheduler | None:
        found = await self._read(queue, "one", key)
        return stored_scheduler(found[0]) if found else None

    async def page(self, queue: str, cursor: str | None, limit: int) -> SchedulerPage:
        place = None if cursor is None else decode_place(cursor, _Place)
        found = await self._read(queue, "after", limit, *(() if place is None else (place.run, place.key)))
        schedulers = [one for entry in found if (one := stored_scheduler(entry))]
        if len(found) < limit:
            return SchedulerPage(schedulers, None)
        key, due = found[-1][:2]
        return SchedulerPage(schedulers, encode_place(_Place(due.decode(), key)))

    async def between(self, queue: str, start: int, end: int, asc: bool) -> list[StoredScheduler]:
        found = await self._read(queue, "asc" if asc else "desc", start, end)
        return [one for entry in found if (one := stored_scheduler(entry))]

    async def count(self, queue: str) -> int:
        count: int = await self._connection.send("ZCARD", self._keys.of(queue)["repeat"], repeat=True)
        return count

    async def remove(self, queue: str, key: str, revision: str | None = None) -> bool:
        keys = self._keys.of(queue)
        names = keys.many("repeat", "delayed", "events")
        call = (official("removeJobScheduler"), names, (key, keys.base))
        code: int = await self._change(call, _ID_OF_REMOVE, revision)
        return code == 0

    def _change(self, call: Call, id_argument: int, revision: str | None) -> Coroutine[Any, Any, Any]:
        script, names, args = call
        if revision is None:
            return run(self._connection, script, names, *args)
        # One that is made for the occasion is sent along: the engine has not loaded it.
        guarding = (guarded(script, id_argument), names, (*args, revision))
        return _unless_changed(run_atomically(self._connection, [guarding]))

    async def _read(self, queue: str, *args: Value) -> list[Any]:
        found: list[Any] = await run(
            self._connection, own("schedulers"), (self._keys.of(queue)["repeat"],), *args, repeat=True
        )
        return found


async def _unless_changed(changing: Coroutine[Any, Any, list[Any]]) -> Any:
    (reply,) = await changing
    if reply == CHANGED:
        raise PreconditionFailed("The scheduler has changed since it was read")
    return reply
