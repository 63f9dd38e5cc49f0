"""add: plain jobs of one loop tick share one script call; everything unusual goes through BullMQ's own scripts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from corral.model.job import NewJob
from corral.policy.options import is_plain
from corral.stores.redis.adding import add_call, added_id, plain_args, repeat_call
from corral.stores.redis.connection import Connection
from corral.stores.redis.group_adding import GroupAdder
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import Value, run, run_atomically
from corral.stores.redis.scripts import own
from corral.stores.redis.staging import Staging

_SOON = 8
"""Jobs after which a batch is sent before its tick ends. The engine works while we read on; and since it holds all that
one script writes until the end of it, a script with more jobs costs it more memory, and no less time, per job."""

_LARGE = 16
"""A call with more jobs than this is stored in stages."""


class _Batch:
    """What one tick adds to one queue."""

    __slots__ = ("args", "count", "waiting")

    def __init__(self) -> None:
        self.args: list[Value] = []
        self.count = 0
        self.waiting: list[tuple[asyncio.Future[list[str]], int, int]] = []


class Adder:
    """The add side of the Redis store."""

    def __init__(self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None]) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in
        self._staging = Staging(connection)
        self._grouped = GroupAdder(connection, keys, stored_in)
        self._batches: dict[str, _Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
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
            return await self._join(queue, jobs, now)
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
        if (earlier := self._batches.get(queue)) is not None:
            self._flush(queue, earlier)
        self._stored_in(queue)
        return await self._staging.add(self._keys.of(queue), jobs, now)

    def _join(self, queue: str, jobs: Sequence[NewJob], now: int) -> asyncio.Future[list[str]]:
        """Put the jobs into this tick's batch of the queue; a caller's jobs are never split over two calls."""
        loop = self._loop = self._loop or asyncio.get_running_loop()  # asking costs a system call in Python 3.11
        batch = self._batches.get(queue)
        if batch is None:
            self._stored_in(queue)
            batch = self._batches[queue] = _Batch()
            loop.call_soon(self._flush, queue, batch)
        added: asyncio.Future[list[str]] = loop.create_future()
        batch.waiting.append((added, batch.count, len(jobs)))
        batch.count += len(jobs)
        for job in jobs:
            batch.args += plain_args(job, now)
        if batch.count >= _SOON:
            self._flush(queue, batch)
            self._connection.flush()
        return added

    def _flush(self, queue: str, batch: _Batch) -> None:
        if self._batches.get(queue) is not batch:
            return  # it was sent before its tick was over
        del self._batches[queue]
        keys = self._keys.of(queue)
        names = keys.many("wait", "meta", "id", "events", "marker", "active")
        reply = run(self._connection, own("add"), names, keys.base, *batch.args)
        sending = asyncio.get_running_loop().create_task(self._settle(queue, batch, reply))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _settle(self, queue: str, batch: _Batch, reply: Awaitable[Any]) -> None:
        try:
            first = int(await reply)
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller of the batch must hear of it
            for added, _, _ in batch.waiting:
                if not added.done():
                    added.set_exception(error)
            return
        self.on_added(queue, batch.count)
        for added, start, count in batch.waiting:
            if not added.done():
                added.set_result([str(first + start + i) for i in range(count)])
