"""add for jobs of groups: those of one loop tick share one script call, unusual ones go through BullMQ's own first."""

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
from corral.stores.redis.tick import Batch, Tick

_json = msgspec.json.Encoder().encode
_KNOWN = PLAIN_OPTIONS | {"group", "delay", "priority"}
_SOON = 256  # jobs after which a batch is sent before its tick ends


class GroupAdder:
    """Adds jobs of which at least one has a group."""

    def __init__(self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None]) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in
        self._tick = Tick(connection, _SOON, _args, self._send)

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        """All or none; the ids in order."""
        if all(_is_usual(job.opts) for job in jobs):
            return await self._tick.join(queue, jobs, now)
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

    def _send(self, queue: str, batch: Batch) -> Awaitable[Any]:
        self._stored_in(queue)
        keys = self._keys.of(queue)
        return run(self._connection, own("group_add"), (keys.meta,), keys.base, batch.now, *batch.args)


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
