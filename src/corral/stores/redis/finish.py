"""finish: completed plain jobs in one script call, all other ends by BullMQ's scripts, in the same write."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec

from corral.model.errors import NotInState, StoreError, StoreUnavailable
from corral.model.job import ClaimedJob
from corral.model.outcome import AwaitingChildren, Completed, Failed, Postponed, Released
from corral.policy.backoff import retry_delay
from corral.policy.groups import group_of
from corral.policy.refusals import refusal
from corral.store.jobs import Finished
from corral.stores.redis.connection import Connection
from corral.stores.redis.groups import parking
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import Value, run
from corral.stores.redis.scripts import official, own

_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_NOT_PLAIN = 1
_NO_CHILDREN = 1

Reply = Coroutine[Any, Any, Any]
"""The answer to a script that is on its way."""


class Finisher:
    """The finish side of the Redis store. Everything here is safe to send twice: the lock is gone the second time."""

    def __init__(self, connection: Connection, keys: KeyCache, metrics_points: int = 0) -> None:
        self._connection = connection
        self._keys = keys
        self._points = metrics_points

    async def finish(self, queue: str, finished: Sequence[Finished], now: int) -> list[Exception | None]:
        """All is on its way before the first wait, so that a claim sent next finds the jobs finished."""
        keys = self._keys.of(queue)
        plain: list[Finished] = []
        others: list[Finished] = []
        for one in finished:
            (plain if _is_plain(one) else others).append(one)
        sent = self._send_each(keys, others, now) if others else None
        sent_plain = self._send_plain(keys, plain, now) if plain else None
        problems = await self._plain(keys, plain, sent_plain, now) if sent_plain is not None else {}
        if sent is not None:
            problems |= _problems(others, await sent)
        return [problems.get(id(one)) for one in finished]

    def _free(self, keys: QueueKeys, job_ids: list[str], now: int) -> Reply:
        """Give the places of those that have ended to others. What goes wrong here, a sweep sets right."""
        args: tuple[Value, ...] = (keys.base, now, "1", *job_ids)
        return _unless_refused(run(self._connection, own("group_settle"), (keys.meta,), *args, repeat=True))

    def _send_plain(self, keys: QueueKeys, plain: list[Finished], now: int) -> Reply:
        args: list[Value] = [keys.base, now, self._points]
        for one in plain:
            args += _plain_args(one)
        names = keys.many(
            "wait", "active", "prioritized", "events", "stalled", "delayed", "meta", "completed", "metrics:completed"
        )
        return run(self._connection, own("finish"), names, *args, repeat=True)

    async def _plain(self, keys: QueueKeys, plain: list[Finished], sent: Reply, now: int) -> dict[int, Exception]:
        try:
            codes = await sent
        except StoreUnavailable as error:
            return {id(one): error for one in plain}
        except StoreError:  # one broken job must not hold up the others of its batch
            return _problems(plain, await self._send_each(keys, plain, now))
        problems = _problems(plain, codes)
        unusual = [one for one, code in zip(plain, codes, strict=True) if code == _NOT_PLAIN]
        if unusual:
            problems |= _problems(unusual, await self._send_each(keys, unusual, now))
        return problems

    def _send_each(self, keys: QueueKeys, finished: list[Finished], now: int) -> asyncio.Future[list[Any]]:
        """What BullMQ's scripts answer to each, or the error instead; and then what nobody needs to know."""
        sent = [self._send(keys, one, now) for one in finished]
        grouped = [one.claimed.job.id for one in finished if "group" in one.claimed.job.opts]
        if grouped:
            sent.append(self._free(keys, grouped, now))
        return asyncio.gather(*sent, return_exceptions=True)

    def _send(self, keys: QueueKeys, one: Finished, now: int) -> Reply:
        try:
            return self._official(keys, one, now)
        except Exception as error:  # noqa: BLE001 - what cannot be packed must not hold up the others
            return _refuse(error)

    def _official(self, keys: QueueKeys, one: Finished, now: int) -> Reply:
        claimed, outcome = one.claimed, one.outcome
        if isinstance(outcome, Completed):
            keep = _retention(claimed.job.opts.get("removeOnComplete"), one.keep_completed)
            value = ("completed", "returnvalue", outcome.returnvalue)
            return self._move_to_finished(keys, claimed, value, keep, None, now)
        if isinstance(outcome, Released):
            return self._release(keys, claimed)
        if isinstance(outcome, Postponed):
            return self._leave_group(keys, claimed, self._delay(keys, claimed, outcome.delay, None, now), now)
        if isinstance(outcome, AwaitingChildren):
            return self._await_children(keys, claimed, now)
        delay = None if outcome.unrecoverable else retry_delay(claimed.job.opts, claimed.job.attempts_made + 1)
        fields = _pack(_failure_fields(claimed, outcome))
        if delay is None:
            keep = _retention(claimed.job.opts.get("removeOnFail"), one.keep_failed)
            return self._move_to_finished(keys, claimed, ("failed", "failedReason", outcome.reason), keep, fields, now)
        if delay > 0 or group_of(claimed.job.opts):
            return self._leave_group(keys, claimed, self._delay(keys, claimed, delay, fields, now), now)
        return self._retry(keys, claimed, fields, now)

    def _move_to_finished(
        self,
        keys: QueueKeys,
        claimed: ClaimedJob,
        value: tuple[str, str, bytes | str],
        keep: dict[str, Any],
        fields: bytes | None,
        now: int,
    ) -> Reply:
        target, field, content = value
        names = (
            *keys.many("wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused"),
            *keys.many("meta", "pc", target),
            keys.job(claimed.job.id),
            keys[f"metrics:{target}"],
            keys.marker,
        )
        packed = _pack(_finish_opts(claimed, keep, self._points))
        at = max(now, claimed.job.processed_on or 0)
        args: list[Value] = [claimed.job.id, at, field, content, target, "", keys.base, packed]
        if fields:
            args.append(fields)
        return run(self._connection, official("moveToFinished"), names, *args, repeat=True)

    def _delay(self, keys: QueueKeys, claimed: ClaimedJob, delay: int, fields: bytes | None, now: int) -> Reply:
        """With `fields` a failed attempt is delayed; without, the job is, and no attempt counts."""
        names = (
            *keys.many("marker", "active", "prioritized", "delayed"),
            keys.job(claimed.job.id),
            *keys.many("events", "meta", "stalled", "wait", "limiter", "pc"),
        )
        args = (keys.base, now, claimed.job.id, claimed.token, delay, "0" if fields else "1", fields or "", "0")
        return run(self._connection, official("moveToDelayed"), names, *args, repeat=True)

    def _leave_group(self, keys: QueueKeys, claimed: ClaimedJob, delayed: Reply, now: int) -> Reply:
        """A job of a group has its place until it is out of the hands of foreign programs."""
        if group_of(claimed.job.opts) is None:
            return delayed
        script, names, args = parking(keys, claimed.job.id, now)
        return _with(delayed, _unless_refused(run(self._connection, script, names, *args, repeat=True)))

    def _retry(self, keys: QueueKeys, claimed: ClaimedJob, fields: bytes, now: int) -> Reply:
        names = (
            *keys.many("active", "wait", "paused"),
            keys.job(claimed.job.id),
            *keys.many("meta", "events", "delayed", "prioritized", "pc", "marker", "stalled"),
        )
        push = "RPUSH" if claimed.job.opts.get("lifo") else "LPUSH"
        args = (keys.base, now, push, claimed.job.id, claimed.token, fields)
        return run(self._connection, official("retryJob"), names, *args, repeat=True)

    def _release(self, keys: QueueKeys, claimed: ClaimedJob) -> Reply:
        job_id = claimed.job.id
        names = keys.many("active", "wait", "stalled", "paused", "meta", "limiter", "prioritized", "marker", "events")
        args = (job_id, claimed.token, keys.job(job_id))
        return run(self._connection, official("moveJobFromActiveToWait"), names, *args, repeat=True)

    async def _await_children(self, keys: QueueKeys, claimed: ClaimedJob, now: int) -> Any:
        job_id = claimed.job.id
        own_keys = (keys.job(job_id), keys.job(job_id) + ":dependencies", keys.job(job_id) + ":unsuccessful")
        names = (*keys.many("active", "waiting-children"), *own_keys, *keys.many("stalled", "events"))
        args = (claimed.token, "", now, job_id, keys.base)
        code = await run(self._connection, official("moveToWaitingChildren"), names, *args, repeat=True)
        if code == _NO_CHILDREN:
            raise NotInState(f"Job {job_id} has no children to wait for")
        return code


async def _refuse(error: Exception) -> Any:
    raise error


async def _unless_refused(reply: Reply) -> Any:
    with contextlib.suppress(StoreError, StoreUnavailable):
        return await reply


async def _with(reply: Reply, follow_up: Reply) -> Any:
    """The first answer, when both have come."""
    try:
        return await reply
    finally:
        await follow_up


def _problems(finished: Sequence[Finished], replies: Sequence[Any]) -> dict[int, Exception]:
    """By the identity of the end, as clients may name a job or a token twice: what went wrong where something did."""
    problems: dict[int, Exception] = {}
    for one, reply in zip(finished, replies, strict=False):
        if isinstance(reply, int) and reply < 0:
            problems[id(one)] = refusal(reply, one.claimed.job.id, "moveToFinished")
        elif isinstance(reply, Exception):
            problems[id(one)] = reply
    return problems


def _is_plain(one: Finished) -> bool:
    """Completed, and either kept for ever or removed at once: what the set-based script knows."""
    job = one.claimed.job
    if not isinstance(one.outcome, Completed) or job.parent_key or job.deduplication_id:
        return False
    count = _retention(one.claimed.job.opts.get("removeOnComplete"), one.keep_completed)
    return count in ({"count": -1}, {"count": 0})


def _plain_args(one: Finished) -> tuple[Value, Value, Value, Value]:
    assert isinstance(one.outcome, Completed)
    keep = _retention(one.claimed.job.opts.get("removeOnComplete"), one.keep_completed)
    flag = (0 if keep["count"] == 0 else 1) + (2 if "group" in one.claimed.job.opts else 0)
    return one.claimed.job.id, one.claimed.token, one.outcome.returnvalue, str(flag)


def _retention(of_job: Any, of_worker: Any) -> dict[str, Any]:
    """BullMQ's rule: the job's own wish first, then the worker's; a number is a count, true removes at once."""
    wish = of_worker if of_job is None else of_job
    if isinstance(wish, dict):
        return wish
    if isinstance(wish, bool) or wish is None or wish is msgspec.UNSET:
        return {"count": 0 if wish is True else -1}
    return {"count": wish}


def _finish_opts(claimed: ClaimedJob, keep: dict[str, Any], metrics_points: int) -> dict[str, Any]:
    opts = claimed.job.opts
    return {
        "token": claimed.token,
        "keepJobs": keep,
        "attempts": opts.get("attempts") or 0,
        "maxMetricsSize": metrics_points or "",
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
