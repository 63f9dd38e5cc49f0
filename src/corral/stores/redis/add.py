"""add: plain jobs of one loop tick share one script call; everything unusual goes through BullMQ's own scripts."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from corral.model.job import NewJob
from corral.policy.options import is_plain
from corral.stores.redis.adding import add_call, added_id, plain_args, repeat_call
from corral.stores.redis.connection import Connection
from corral.stores.redis.group_adding import GroupAdder
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run, run_atomically
from corral.stores.redis.scripts import own
from corral.stores.redis.staging import Staging
from corral.stores.redis.tick import Batch, Tick

_SOON = 8
"""Jobs after which a batch is sent before its tick ends. The engine works while we read on; and since it holds all that
one script writes until the end of it, a script with more jobs costs it more memory, and no less time, per job."""

_LARGE = 16
"""A call with more jobs than this is stored in stages."""


class Adder:
    """The add side of the Redis store."""

    def __init__(self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None]) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in
        self._staging = Staging(connection)
        self._grouped = GroupAdder(connection, keys, stored_in)
        self._tick = Tick(connection, _SOON, plain_args, self._send, lambda queue, count: self.on_added(queue, count))
        self.on_added: Callable[[str, int], None] = lambda queue, count: None
        """Told of the jobs that were stored; once for all that share a call."""

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        if not jobs:
            return []
        if not all(is_plain(job.opts) for job in jobs):
            ids = await self._one_by_one(queue, jobs, now)
        elif len(jobs) > _LARGE:
            ids = await self._in_stages(queue, jobs, now)
        else:
            return await self._tick.join(queue, jobs, now)
        self.on_added(queue, len(ids))
        return ids

    async def _one_by_one(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        if any(job.opts.get("group") for job in jobs):
            return await self._grouped.add(queue, jobs, now)
        keys = self._keys.of(queue)
        calls = [(repeat_call if job.opts.get("repeat") else add_call)(keys, job, now) for job in jobs]
        self._stored_in(queue)
        if len(calls) == 1:
            script, names, args = calls[0]
            return [added_id(await run(self._connection, script, names, *args))]
        return [added_id(reply) for reply in await run_atomically(self._connection, calls)]

    async def _in_stages(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        self._tick.go(queue)
        self._stored_in(queue)
        return await self._staging.add(self._keys.of(queue), jobs, now)

    def _send(self, queue: str, batch: Batch) -> Awaitable[Any]:
        self._stored_in(queue)
        keys = self._keys.of(queue)
        names = keys.many("wait", "meta", "id", "events", "marker", "active")
        return run(self._connection, own("add"), names, keys.base, *batch.args)
