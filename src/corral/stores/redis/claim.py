"""claim, renew, rescue and wait: how a worker gets jobs and keeps them."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec

from corral.model.errors import StoreError, StoreUnavailable
from corral.model.lease import Held
from corral.store.jobs import Claim, ClaimRequest
from corral.stores.redis.codec import claimed_job
from corral.stores.redis.connection import BlockingConnection, Connection
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import Value, run
from corral.stores.redis.scripts import official, own

_pack = msgspec.msgpack.Encoder().encode
_FAREWELL = 0.5  # seconds a closing waiter has for ending its wait, and again for leaving its marker


class Claimer:
    """The claim side of the Redis store."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def claim(self, queue: str, request: ClaimRequest, now: int) -> Claim:
        keys = self._keys.of(queue)
        names = keys.many("wait", "active", "prioritized", "events", "limiter", "delayed", "meta", "pc", "marker")
        reply = await run(self._connection, own("claim"), names, *_claim_args(keys, request, now))
        return _claim(keys, request, reply, now)

    async def renew(self, queue: str, held: Sequence[Held], lock_ms: int) -> list[str]:
        keys = self._keys.of(queue)
        tokens, ids = [one.token for one in held], [one.id for one in held]
        args = (keys.base, _pack(tokens), _pack(ids), lock_ms)
        lost = await run(self._connection, official("extendLocks"), (keys.stalled,), *args, repeat=True)
        return [job_id.decode() for job_id in lost]

    async def rescue(self, queue: str, max_stalled: int, every_ms: int, now: int) -> list[str]:
        keys = self._keys.of(queue)
        names = keys.many("stalled", "wait", "active", "stalled-check", "meta", "paused", "marker", "events", "repeat")
        script = official("moveStalledJobsToWait")
        stalled = await run(self._connection, script, names, max_stalled, keys.base, now, every_ms, repeat=True)
        return [job_id.decode() for job_id in stalled]


class MarkerWaiter:
    """Waits for the marker that every add leaves; one connection per waiting queue."""

    def __init__(self, connection: Connection, blocking: BlockingConnection, keys: QueueKeys) -> None:
        self._connection = connection
        self._blocking = blocking
        self._keys = keys
        self._waited = False

    async def wait(self, timeout: float) -> float | None:
        self._waited = True
        found = await self._blocking.call("BZPOPMIN", self._keys.marker, f"{timeout:.3f}", timeout=timeout)
        return None if found is None else float(found[2])

    async def pass_on(self) -> None:
        await self._leave_marker()

    async def close(self) -> None:
        """Leaves a marker, in place of one that the engine may have given to this waiter.

        The engine is done with the wait before: it may come to know of what this connection sent, or that it is
        closed, later than of what comes on another, and would give the marker to a waiter that is gone.
        """
        if self._waited and self._connection.is_ready:
            with contextlib.suppress(StoreError, StoreUnavailable, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self._blocking.end(self._connection)
        await self._blocking.close()
        if self._waited and self._connection.is_ready:
            await asyncio.wait([self._leave_marker()], timeout=_FAREWELL)

    def _leave_marker(self) -> asyncio.Future[Any]:
        return self._connection.send("ZADD", self._keys.marker, 0, "0", repeat=True)


def client_name(keys: QueueKeys, queue: str, worker: str | None = None) -> str:
    """How BullMQ names a worker's connection, by which `getWorkers` finds it."""
    prefix = keys.qualified.removesuffix(f":{queue}")
    name = f"{prefix}:{base64.b64encode(queue.encode()).decode()}"
    return f"{name}:w:{worker}" if worker else name


def queue_named_by(client: str, prefix: str) -> str | None:
    """The inverse: whose worker a connection of that name is, None for any other connection."""
    encoded = client.removeprefix(f"{prefix}:").partition(":w:")[0]
    if encoded == client or ":" in encoded:
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _claim_args(keys: QueueKeys, request: ClaimRequest, now: int) -> tuple[Value, ...]:
    most, duration = request.limiter or ("", "")
    return (
        keys.base,
        now,
        request.count,
        request.owner,
        request.serial,
        request.lock_ms,
        most,
        duration,
        request.name or "",
    )


def _claim(keys: QueueKeys, request: ClaimRequest, reply: Any, now: int) -> Claim:
    entries, limited, next_due, maxed = reply
    deadline, serial = now + request.lock_ms, request.serial
    jobs = [
        claimed_job(keys.qualified, entry, f"{request.owner}:{serial + i}", deadline) for i, entry in enumerate(entries)
    ]
    return Claim(jobs=jobs, limited_ms=limited, next_due=next_due, maxed=bool(maxed))
