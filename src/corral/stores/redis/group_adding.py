"""add for jobs of groups: those of one loop tick share one script call, unusual ones go through BullMQ's own first."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from corral.model.job import JobOptions, NewJob
from corral.policy.groups import group_of
from corral.policy.options import PLAIN_OPTIONS, encode_short
from corral.stores.redis.adding import add_call, added_id, repeat_call
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import Call, Value, run, run_atomically
from corral.stores.redis.scripts import own

_json = msgspec.json.Encoder().encode
_KNOWN = PLAIN_OPTIONS | {"group", "delay", "priority"}
_SOON = 256  # jobs after which a batch is sent before its tick ends


class _Batch:
    """What one tick adds to one queue."""

    __slots__ = ("args", "count", "now", "waiting")

    def __init__(self, now: int) -> None:
        self.now = now
        self.args: list[Value] = []
        self.count = 0
        self.waiting: list[tuple[asyncio.Future[list[str]], int, int]] = []


class GroupAdder:
    """Adds jobs of which at least one has a group."""

    def __init__(self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None]) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in
        self._batches: dict[str, _Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        """All or none; the ids in order."""
        if all(_is_usual(job.opts) for job in jobs):
            return await self._join(queue, jobs, now)
        keys = self._keys.of(queue)
        self._stored_in(queue)
        ids = await self._reserve(keys, sum(group_of(job.opts) is not None for job in jobs))
        calls: list[Call] = []
        added: list[int] = []
        for job in jobs:
            added.append(len(calls))
            if group_of(job.opts) is None:
                calls.append((repeat_call if job.opts.get("repeat") else add_call)(keys, job, now))
            else:
                calls += enter_calls(keys, job, now, str(job.opts.get("jobId") or ids.pop(0)))
        replies = await run_atomically(self._connection, calls)
        return [added_id(replies[at]) for at in added]

    async def _reserve(self, keys: QueueKeys, count: int) -> list[int]:
        last = int(await self._connection.send("INCRBY", keys["id"], count))
        return list(range(last - count + 1, last + 1))

    def _join(self, queue: str, jobs: Sequence[NewJob], now: int) -> asyncio.Future[list[str]]:
        """Put the jobs into this tick's batch of the queue; a caller's jobs are never split over two calls."""
        loop = asyncio.get_running_loop()
        batch = self._batches.get(queue)
        if batch is None:
            self._stored_in(queue)
            batch = self._batches[queue] = _Batch(now)
            loop.call_soon(self._flush, queue, batch)
        added: asyncio.Future[list[str]] = loop.create_future()
        batch.waiting.append((added, batch.count, len(jobs)))
        batch.count += len(jobs)
        for job in jobs:
            batch.args += _args(job, now)
        if batch.count >= _SOON:
            self._flush(queue, batch)
            self._connection.flush()
        return added

    def _flush(self, queue: str, batch: _Batch) -> None:
        if self._batches.get(queue) is not batch:
            return  # it was sent before its tick was over
        del self._batches[queue]
        keys = self._keys.of(queue)
        reply = run(self._connection, own("group_add"), (keys.meta,), keys.base, batch.now, *batch.args)
        sending = asyncio.get_running_loop().create_task(_settle(batch, reply))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)


def enter_calls(keys: QueueKeys, job: NewJob, now: int, job_id: str) -> list[Call]:
    """For one transaction: BullMQ stores the job where no worker looks, then it joins its group."""
    enter: Call = own("group_enter"), (keys.meta,), (keys.base, now, job_id)
    return [add_call(keys, job, now, job_id, has_children=True), enter]


def _is_usual(opts: JobOptions) -> bool:
    """No option in force that the set-based script does not know; jobs without a group have to be plain."""
    known = PLAIN_OPTIONS if group_of(opts) is None else _KNOWN
    return opts.keys() <= known or not any(value for name, value in opts.items() if name not in known)


def _args(job: NewJob, now: int) -> tuple[Value, ...]:
    opts = job.opts
    group, places = group_of(opts) or ("", 1)
    packed = _json(encode_short(opts))
    timestamp = opts.get("timestamp") or now
    return group, places, job.name, job.data, packed, timestamp, int(opts.get("delay") or 0), opts.get("priority") or 0


async def _settle(batch: _Batch, reply: Awaitable[Any]) -> None:
    try:
        first = int(await reply)
    except Exception as error:  # noqa: BLE001 - whatever it is, every caller of the batch must hear of it
        for added, _, _ in batch.waiting:
            if not added.done():
                added.set_exception(error)
        return
    for added, start, count in batch.waiting:
        if not added.done():
            added.set_result([str(first + start + i) for i in range(count)])
