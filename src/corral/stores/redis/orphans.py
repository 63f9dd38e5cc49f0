"""Orphans: keys of jobs that no state of their queue knows of, as a fault in BullMQ 5.66 left them."""

import asyncio

from corral.policy.names import is_queue_key
from corral.stores.redis.connection import Connection
from corral.stores.redis.directory import literal
from corral.stores.redis.keys import QueueKeys
from corral.stores.redis.run import Value, run
from corral.stores.redis.scripts import official

_STATES = (
    "active", "wait", "waiting-children", "paused", "delayed", "prioritized", "completed", "failed", "stalled",
)  # fmt: skip
_PARTS = ("logs", "dependencies", "processed", "failed", "unsuccessful", "lock")
# corral's keys beside a queue of that name
_OWN = frozenset({"card-jobs", "card-queues", "idem", "paused-workers", "processes", "queues"})
_HASH_OR_NOTHING = (b"hash", b"none")


async def remove_orphans(
    connection: Connection, keys: QueueKeys, cursor: str | None, most: int
) -> tuple[int, str | None]:
    """One step through all keys of the engine. The script looks again, so a job that comes meanwhile stays."""
    command = ("SCAN", cursor or "0", "MATCH", f"{literal(keys.base)}*", "COUNT", most)
    reply: tuple[bytes, list[bytes]] = await connection.send(*command, repeat=True)
    after, found = reply
    suspects = await _jobs_of(connection, keys, found)
    removed = 0
    if suspects:
        args: tuple[Value, ...] = (len(_STATES), *_STATES, len(_PARTS), *_PARTS, *suspects)
        removed = await run(connection, official("removeOrphanedJobs"), (keys.base,), *args)
    return removed, None if after == b"0" else after.decode()


async def _jobs_of(connection: Connection, keys: QueueKeys, found: list[bytes]) -> list[bytes]:
    """The ids of the jobs that the keys belong to; keys of other things are passed over."""
    base = keys.base.encode()
    ids = sorted({job_id for key in found if (job_id := _job_of(key.removeprefix(base)))})
    kinds = await asyncio.gather(*(connection.send("TYPE", base + job_id, repeat=True) for job_id in ids))
    ours = keys.base.endswith(":corral:")
    kept = (job_id for job_id, kind in zip(ids, kinds, strict=True) if kind in _HASH_OR_NOTHING)
    return [job_id for job_id in kept if not (ours and job_id.decode(errors="replace") in _OWN)]


def _job_of(name: bytes) -> bytes | None:
    job_id, colon, part = name.partition(b":")
    if is_queue_key(job_id.decode(errors="replace")):
        return None
    return job_id if not colon or part.decode(errors="replace") in _PARTS else None
