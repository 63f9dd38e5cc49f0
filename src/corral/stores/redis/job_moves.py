"""`JobMoveStore` on Redis, by BullMQ's own scripts."""

from typing import Any

import msgspec

from corral.model.errors import BelongsToScheduler, JobLocked, JobNotFound, NotInState, StoreBusy
from corral.model.job import ClaimedJob
from corral.policy.groups import group_of
from corral.policy.javascript import is_number
from corral.policy.refusals import refusal
from corral.stores.redis.codec import claimed_job, options
from corral.stores.redis.connection import Connection
from corral.stores.redis.groups import again, change_due, mark_priority, settle
from corral.stores.redis.job_ids import check_job, of_job
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official, own

_OUTCOME = {"failed": "failedReason", "completed": "returnvalue"}
_TRIES = 5
_NOT_THERE = -3  # not in the state that the move starts from
_json = msgspec.json.Encoder().encode
_opts = msgspec.json.Decoder(dict[str, Any]).decode


class RedisJobMoves:
    """Fulfils `store.job_moves.JobMoveStore`. Nothing is sent twice: the answer to the first would be lost."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def take(self, queue: str, job_id: str, token: str, lock_ms: int, now: int) -> ClaimedJob:
        keys = self._keys.of(queue)
        names = keys.many("wait", "active", "prioritized", "events", "limiter", "delayed", "meta", "paused")
        reply = await run(self._connection, own("take"), names, keys.base, job_id, now, token, lock_ms)
        if isinstance(reply, int):
            _check(reply, job_id, "waiting", "")
        return claimed_job(keys.qualified, (job_id.encode(), reply), token, now + lock_ms)

    async def promote(self, queue: str, job_id: str) -> None:
        keys = self._keys.of(queue)
        await check_job(self._connection, keys.job(job_id), job_id)
        names = ("delayed", "wait", "paused", "meta", "prioritized", "active", "pc", "events", "marker")
        code = await run(self._connection, official("promote"), keys.many(*names), keys.base, job_id)
        if code == _NOT_THERE and await change_due(self._connection, keys, job_id, 0, 0):
            return
        _check(code, job_id, "delayed", "promote")

    async def retry(
        self, queue: str, job_id: str, state: str, *, reset_attempts_made: bool, reset_attempts_started: bool
    ) -> None:
        keys = self._keys.of(queue)
        key = keys.job(job_id)
        asked = self._connection.send("HGET", key, "opts", repeat=True)
        (stored,) = await of_job(self._connection, key, job_id, asked)
        opts = options(stored or b"{}")
        reset = ("1" if reset_attempts_made else "0", "1" if reset_attempts_started else "0")
        if group_of(opts):
            went = await again(self._connection, keys, state, job_id, reset)
            return _check(1 if went else _NOT_THERE, job_id, state, "retry")
        names = (
            key,
            *keys.many("events", state, "wait", "meta", "active", "marker", "prioritized", "pc"),
        )
        push = "RPUSH" if opts.get("lifo") else "LPUSH"
        args = (job_id, push, _OUTCOME[state], state, *reset)
        _check(await run(self._connection, official("reprocessJob"), names, *args), job_id, state, "retry")

    async def remove(self, queue: str, job_id: str, with_children: bool) -> None:
        keys = self._keys.of(queue)
        key = keys.job(job_id)
        await check_job(self._connection, key, job_id)
        args = (job_id, "1" if with_children else "0", keys.base)
        code = await run(self._connection, official("removeJob"), (key, keys["repeat"]), *args)
        if code == 0:
            raise JobLocked(f"Job {job_id}, or a job below it, is held by a worker")
        if code == -8:
            raise BelongsToScheduler(f"Job {job_id} belongs to a job scheduler and cannot be removed by itself")
        _check(code, job_id, "", "remove")
        await settle(self._connection, keys, [job_id], 0)

    async def change_delay(self, queue: str, job_id: str, delay: int, now: int) -> None:
        keys = self._keys.of(queue)
        key = keys.job(job_id)
        await check_job(self._connection, key, job_id)
        names = keys.many("delayed", "meta", "marker", "events")
        code = await run(self._connection, official("changeDelay"), names, delay, now, job_id, key)
        if code == _NOT_THERE and await change_due(self._connection, keys, job_id, delay, now):
            return
        _check(code, job_id, "delayed", "changeDelay")

    async def change_priority(self, queue: str, job_id: str, priority: int, lifo: bool) -> None:
        keys = self._keys.of(queue)
        await check_job(self._connection, keys.job(job_id), job_id)
        names = keys.many("wait", "paused", "meta", "prioritized", "active", "pc", "marker")
        args = (priority, keys.base, job_id, "1" if lifo else "0")
        _check(await run(self._connection, official("changePriority"), names, *args), job_id, "", "changePriority")
        await mark_priority(self._connection, keys, job_id)

    async def discard(self, queue: str, job_id: str) -> None:
        """Read, then replaced only if nobody changed it meanwhile."""
        key = self._keys.of(queue).job(job_id)
        await check_job(self._connection, key, job_id)
        for _ in range(_TRIES):
            opts, made = await self._connection.send("HMGET", key, "opts", "atm", repeat=True)
            last = _last_attempt(opts or b"", made)
            if last is None or await run(self._connection, own("replace"), (key,), "opts", opts or b"", last):
                return
        raise StoreBusy(f"The options of job {job_id} keep changing")


def _last_attempt(stored: bytes, made: bytes | None) -> bytes | None:
    """The stored options with as many attempts as there will have been after the next; None when that is so."""
    try:
        opts = _opts(stored)
        next_attempt = int(made or 0) + 1
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None  # a worker sees no attempts in these either
    attempts = opts.get("attempts")
    if not is_number(attempts) or attempts <= next_attempt:
        return None
    return _json({**opts, "attempts": next_attempt})


def _check(code: int, job_id: str, state: str, verb: str) -> None:
    """What a negative answer means to these scripts."""
    match code:
        case -1:
            raise JobNotFound(f"Job {job_id} not found")
        case -3:
            raise NotInState(f"Job {job_id} is not {state}")
        case _ if code < 0:
            raise refusal(code, job_id, verb)
