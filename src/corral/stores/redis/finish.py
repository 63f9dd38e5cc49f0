"""finish: completed plain jobs in one script call, all other ends by BullMQ's scripts, in the same write."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import msgspec

from corral.model.errors import StoreError
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed
from corral.policy.backoff import retry_delay
from corral.store.jobs import Finished
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import Value, refusal, run
from corral.stores.redis.scripts import official, own

_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_NOT_PLAIN = 1


class Finisher:
    """The finish side of the Redis store. Everything here is safe to send twice: the lock is gone the second time."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def finish(self, queue: str, finished: Sequence[Finished], now: int) -> list[Exception | None]:
        keys = self._keys.of(queue)
        plain = [i for i, one in enumerate(finished) if _is_plain(one)]
        results: list[Exception | None] = [None] * len(finished)
        rest = set(range(len(finished))).difference(plain)
        sent: list[Awaitable[None]] = [self._each(keys, finished, rest, results, now)] if rest else []
        if plain:
            sent.append(self._plain(keys, finished, plain, results, now))
        await asyncio.gather(*sent) if len(sent) > 1 else await sent[0]
        return results

    async def _plain(
        self,
        keys: QueueKeys,
        finished: Sequence[Finished],
        plain: list[int],
        results: list[Exception | None],
        now: int,
    ) -> None:
        args: list[Value] = [keys.base, now]
        for i in plain:
            args += _plain_args(finished[i])
        names = keys.many(
            "wait", "active", "prioritized", "events", "stalled", "delayed", "meta", "completed"
        )
        try:
            codes = await run(self._connection, own("finish"), names, *args, repeat=True)
        except StoreError:  # one broken job must not hold up the others of its batch
            return await self._each(keys, finished, set(plain), results, now)
        unusual = {i for i, code in zip(plain, codes, strict=True) if code == _NOT_PLAIN}
        for i, code in zip(plain, codes, strict=True):
            if code < 0:
                results[i] = refusal(code, finished[i].claimed.job.id, "finish")
        if unusual:
            await self._each(keys, finished, unusual, results, now)

    async def _each(
        self,
        keys: QueueKeys,
        finished: Sequence[Finished],
        which: set[int],
        results: list[Exception | None],
        now: int,
    ) -> None:
        ordered = sorted(which)
        sent = (self._official(keys, finished[i], now) for i in ordered)
        for i, code in zip(ordered, await asyncio.gather(*sent, return_exceptions=True), strict=True):
            if isinstance(code, StoreError):
                results[i] = code
            elif isinstance(code, BaseException):
                raise code
            elif isinstance(code, int) and code < 0:
                results[i] = refusal(code, finished[i].claimed.job.id, "finish")

    async def _official(self, keys: QueueKeys, one: Finished, now: int) -> Any:
        claimed, outcome = one.claimed, one.outcome
        if isinstance(outcome, Completed):
            keep = _retention(claimed.job.opts.get("removeOnComplete"), one.keep_completed)
            value = ("completed", "returnvalue", outcome.returnvalue)
            return await self._move_to_finished(keys, claimed, value, keep, None, now)
        delay = None if outcome.unrecoverable else retry_delay(claimed.job.opts, claimed.job.attempts_made + 1)
        fields = _pack(_failure_fields(claimed, outcome))
        if delay is None:
            keep = _retention(claimed.job.opts.get("removeOnFail"), one.keep_failed)
            return await self._move_to_finished(
                keys, claimed, ("failed", "failedReason", outcome.reason), keep, fields, now
            )
        if delay > 0:
            return await self._delay(keys, claimed, delay, fields, now)
        return await self._retry(keys, claimed, fields, now)

    async def _move_to_finished(
        self,
        keys: QueueKeys,
        claimed: ClaimedJob,
        value: tuple[str, str, bytes | str],
        keep: dict[str, Any],
        fields: bytes | None,
        now: int,
    ) -> Any:
        target, field, content = value
        names = (
            *keys.many("wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused"),
            *keys.many("meta", "pc", target),
            keys.job(claimed.job.id),
            f"{keys.base}metrics:{target}",
            keys.marker,
        )
        packed = _pack(_finish_opts(claimed, keep))
        args: list[Value] = [claimed.job.id, now, field, content, target, "", keys.base, packed]
        if fields:
            args.append(fields)
        return await run(self._connection, official("moveToFinished"), names, *args, repeat=True)

    async def _delay(self, keys: QueueKeys, claimed: ClaimedJob, delay: int, fields: bytes, now: int) -> Any:
        names = (
            *keys.many("marker", "active", "prioritized", "delayed"),
            keys.job(claimed.job.id),
            *keys.many("events", "meta", "stalled", "wait", "limiter", "pc"),
        )
        args = (keys.base, now, claimed.job.id, claimed.token, delay, "0", fields, "0")
        return await run(self._connection, official("moveToDelayed"), names, *args, repeat=True)

    async def _retry(self, keys: QueueKeys, claimed: ClaimedJob, fields: bytes, now: int) -> Any:
        names = (
            *keys.many("active", "wait", "paused"),
            keys.job(claimed.job.id),
            *keys.many("meta", "events", "delayed", "prioritized", "pc", "marker", "stalled"),
        )
        push = "RPUSH" if claimed.job.opts.get("lifo") else "LPUSH"
        args = (keys.base, now, push, claimed.job.id, claimed.token, fields)
        return await run(self._connection, official("retryJob"), names, *args, repeat=True)


def _is_plain(one: Finished) -> bool:
    """Completed, and either kept for ever or removed at once: what the set-based script knows."""
    if not isinstance(one.outcome, Completed):
        return False
    count = _retention(one.claimed.job.opts.get("removeOnComplete"), one.keep_completed)
    return count in ({"count": -1}, {"count": 0})


def _plain_args(one: Finished) -> tuple[Value, Value, Value, Value]:
    assert isinstance(one.outcome, Completed)
    keep = _retention(one.claimed.job.opts.get("removeOnComplete"), one.keep_completed)
    return one.claimed.job.id, one.claimed.token, one.outcome.returnvalue, "0" if keep["count"] == 0 else "1"


def _retention(of_job: Any, of_worker: Any) -> dict[str, Any]:
    """BullMQ's rule: the job's own wish first, then the worker's; a number is a count, true removes at once."""
    wish = of_worker if of_job is None else of_job
    if isinstance(wish, dict):
        return wish
    if isinstance(wish, bool) or wish is None or wish is msgspec.UNSET:
        return {"count": 0 if wish is True else -1}
    return {"count": wish}


def _finish_opts(claimed: ClaimedJob, keep: dict[str, Any]) -> dict[str, Any]:
    opts = claimed.job.opts
    return {
        "token": claimed.token,
        "keepJobs": keep,
        "attempts": opts.get("attempts") or 0,
        "maxMetricsSize": "",
        "fpof": bool(opts.get("failParentOnFailure")),
        "cpof": bool(opts.get("continueParentOnFailure")),
        "idof": bool(opts.get("ignoreDependencyOnFailure")),
        "rdof": bool(opts.get("removeDependencyOnFailure")),
    }


def _failure_fields(claimed: ClaimedJob, outcome: Failed) -> list[str]:
    """The reason, and one trace per attempt (the last `stackTraceLimit` of them, when that is set)."""
    traces = [*(claimed.job.stacktrace or []), outcome.stacktrace or f"Error: {outcome.reason}"]
    limit = claimed.job.opts.get("stackTraceLimit")
    if isinstance(limit, int) and limit >= 0:
        traces = traces[-limit:] if limit else []
    return ["failedReason", outcome.reason, "stacktrace", _json(traces).decode()]
