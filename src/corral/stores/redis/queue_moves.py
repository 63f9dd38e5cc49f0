"""`QueueMoveStore` on Redis: BullMQ's own scripts, each a bounded batch."""

import sys

from corral.model.errors import QueueActive, QueueNotPaused, StoreError
from corral.stores.redis.connection import Connection
from corral.stores.redis.groups import RedisGroups, all_again, remove_parked, settle, wipe
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.orphans import remove_orphans
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

_EVER = sys.float_info.max  # a score that every job has reached


class RedisQueueMoves:
    """Fulfils `store.queue_moves.QueueMoveStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys
        self._groups = RedisGroups(connection, keys)

    async def drain(self, queue: str, delayed: bool) -> None:
        keys = self._keys.of(queue)
        while await remove_parked(self._connection, keys, delayed):
            pass
        names = keys.many("wait", "paused", "delayed", "prioritized", "repeat")
        await run(self._connection, official("drain"), names, keys.base, "1" if delayed else "0", repeat=True)
        await self._groups.sweep(queue, 0)

    async def clean(self, queue: str, state: str, before: int, most: int) -> list[str]:
        keys = self._keys.of(queue)
        name = "wait" if state == "waiting" else state
        names = keys.many(name, "events", "repeat")
        removed = await run(self._connection, official("cleanJobsInSet"), names, keys.base, before, most, name)
        job_ids = [job_id.decode() for job_id in removed]
        await settle(self._connection, keys, job_ids, 0, forget=False)
        return job_ids

    async def obliterate(self, queue: str, force: bool, most: int) -> bool:
        keys = self._keys.of(queue)
        if await self._may_go(keys, force) and await remove_parked(self._connection, keys, True):
            return True
        args = (most, "force" if force else "")
        match await run(self._connection, official("obliterate"), (keys.meta, keys.base), *args):
            case -1:
                raise QueueNotPaused("Cannot obliterate non-paused queue")
            case -2:
                raise QueueActive("Cannot obliterate queue with active jobs")
            case 0:
                await wipe(self._connection, keys)
                return False
        return True

    async def move_to_waiting(self, queue: str, state: str, until: int | None, most: int) -> bool:
        keys = self._keys.of(queue)
        names = (keys.base, *keys.many("events", state, "wait", "paused", "meta", "active", "marker"))
        last = _EVER if until is None else until
        if await all_again(self._connection, keys, state, last, most):
            return True  # BullMQ's script must find none with a group among those that it moves
        return bool(await run(self._connection, official("moveJobsToWait"), names, most, last, state, repeat=True))

    async def remove_orphans(self, queue: str, cursor: str | None, most: int) -> tuple[int, str | None]:
        return await remove_orphans(self._connection, self._keys.of(queue), cursor, most)

    async def remove_priority_key(self, queue: str) -> bool:
        try:  # emptied, it is gone; a job of that name is no sorted set, and stays
            key = self._keys.of(queue).job("priority")
            return bool(await self._connection.send("ZREMRANGEBYRANK", key, 0, -1, repeat=True))
        except StoreError:
            return False

    async def trim_events(self, queue: str, length: int) -> int:
        key = self._keys.of(queue).events
        trimmed: int = await self._connection.send("XTRIM", key, "MAXLEN", "~", length, repeat=True)
        return trimmed

    async def _may_go(self, keys: QueueKeys, force: bool) -> bool:
        """What BullMQ's script asks before it removes anything."""
        asked = self._connection.send_many([("HEXISTS", keys.meta, "paused"), ("LLEN", keys.active)])
        paused, active = [await answer for answer in asked]
        return bool(paused) and (force or not active)
