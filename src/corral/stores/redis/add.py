"""add: plain jobs of one loop tick share one script call; everything unusual goes through BullMQ's own scripts."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from corral.model.errors import InvalidInput
from corral.model.job import NewJob
from corral.policy.options import encode_short, is_plain
from corral.policy.recurrence import check_repeat, next_iteration, next_job_opts, repeat_key, scheduler_record
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import Call, Value, refusal, run, run_atomically
from corral.stores.redis.scripts import official, own

_json = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_NOT_REPEATED = ("repeat", "jobId", "delay", "timestamp")
_MOST = 1000  # jobs after which a tick's batch is sent, so that one call never holds the engine for long


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
        self._batches: dict[str, _Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        if not jobs:
            return []
        if all(is_plain(job.opts) for job in jobs):
            return await self._join(queue, jobs, now)
        keys = self._keys.of(queue)
        calls = [_official(keys, job, now) for job in jobs]
        self._stored_in(queue)
        if len(calls) == 1:
            script, names, args = calls[0]
            return [_added_id(await run(self._connection, script, names, *args))]
        return [_added_id(reply) for reply in await run_atomically(self._connection, calls)]

    def _join(self, queue: str, jobs: Sequence[NewJob], now: int) -> asyncio.Future[list[str]]:
        """Put the jobs into this tick's batch of the queue; a caller's jobs are never split over two calls."""
        loop = asyncio.get_running_loop()
        batch = self._batches.get(queue)
        if batch is None:
            self._stored_in(queue)
            batch = self._batches[queue] = _Batch()
            loop.call_soon(self._flush, queue, batch)
        added: asyncio.Future[list[str]] = loop.create_future()
        batch.waiting.append((added, batch.count, len(jobs)))
        batch.count += len(jobs)
        for job in jobs:
            batch.args += (job.name, job.data, _json(encode_short(job.opts)), job.opts.get("timestamp") or now)
        if batch.count >= _MOST:
            del self._batches[queue]
        return added

    def _flush(self, queue: str, batch: _Batch) -> None:
        if self._batches.get(queue) is batch:
            del self._batches[queue]
        sending = asyncio.get_running_loop().create_task(self._send(queue, batch))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _send(self, queue: str, batch: _Batch) -> None:
        keys = self._keys.of(queue)
        names = keys.many("wait", "meta", "id", "events", "marker", "active")
        try:
            first = int(await run(self._connection, own("add"), names, keys.base, *batch.args))
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller of the batch must hear of it
            for added, _, _ in batch.waiting:
                if not added.done():
                    added.set_exception(error)
            return
        for added, start, count in batch.waiting:
            if not added.done():
                added.set_result([str(first + start + i) for i in range(count)])


def _official(keys: QueueKeys, job: NewJob, now: int) -> Call:
    """The official script for a job with a delay, a priority, an id of its own, a parent or a repetition."""
    opts = job.opts
    if opts.get("repeat"):
        return _scheduled(keys, job, now)
    args = _add_args(keys, job, now)
    if opts.get("delay"):
        return official("addDelayedJob"), keys.many("marker", "meta", "id", "delayed", "completed", "events"), args
    if opts.get("priority"):
        names = ("marker", "meta", "id", "prioritized", "delayed", "completed", "active", "events", "pc")
        return official("addPrioritizedJob"), keys.many(*names), args
    names = ("wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker")
    return official("addStandardJob"), keys.many(*names), args


def _add_args(keys: QueueKeys, job: NewJob, now: int) -> tuple[Value, ...]:
    opts = job.opts
    parent = opts.get("parent")
    parent_key = f"{parent['queue']}:{parent['id']}" if parent else None
    deduplication = (opts.get("deduplication") or {}).get("id")
    packed = [
        keys.base,
        opts.get("jobId") or "",
        job.name,
        opts.get("timestamp") or now,
        parent_key,
        f"{parent_key}:dependencies" if parent_key else None,
        _parent(opts),
        None,
        f"{keys.base}de:{deduplication}" if deduplication else None,
    ]
    return _pack(packed), job.data, _pack(encode_short(opts))


def _parent(opts: dict[str, Any]) -> dict[str, Any] | None:
    parent = opts.get("parent")
    if not parent:
        return None
    flags = {
        "fpof": "failParentOnFailure",
        "rdof": "removeDependencyOnFailure",
        "idof": "ignoreDependencyOnFailure",
        "cpof": "continueParentOnFailure",
    }
    switched = {short: True for short, long in flags.items() if opts.get(long)}
    return {"id": parent["id"], "queueKey": parent["queue"], **switched}


def _scheduled(keys: QueueKeys, job: NewJob, now: int) -> Call:
    """A repeated job is the first iteration of a job scheduler, which BullMQ 6 has in place of repeatable jobs."""
    repeat = job.opts["repeat"]
    check_repeat(repeat, now)
    iteration = next_iteration(repeat, now)
    if iteration is None:
        raise InvalidInput("The repetition is over before it began")
    template = {key: value for key, value in job.opts.items() if key not in _NOT_REPEATED}
    key = repeat_key(job.name, repeat, job.opts.get("jobId", ""))
    first = next_job_opts(iteration, key, repeat, template, now)
    names = ("repeat", "delayed", "wait", "paused", "meta", "prioritized", "marker", "id", "events", "pc", "active")
    args: tuple[Value, ...] = (
        iteration.millis or 0,
        _pack(scheduler_record(repeat, job.name)),
        key,
        job.data,
        _pack(encode_short(template)),
        _pack(encode_short(first)),
        now,
        keys.base,
        "",
    )
    return official("addJobScheduler"), keys.many(*names), args


def _added_id(reply: Any) -> str:
    if isinstance(reply, list):  # the scheduler script answers id and delay
        reply = reply[0]
    if isinstance(reply, int) and reply < 0:
        raise refusal(reply, "", "addJob")
    return reply.decode() if isinstance(reply, bytes) else str(reply)
