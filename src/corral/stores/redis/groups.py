"""`GroupStore` on Redis, and what the other verbs do to jobs of groups. `lua/shared/groups.lua` lists the keys."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any

import msgspec

from corral.model.group import Group, Swept
from corral.policy.places import decode_place, encode_place
from corral.stores.redis.codec import fields
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import Call, Value, run
from corral.stores.redis.scripts import official, own

_LOOKED_AT = 2_000
_PARKED = 1_000
_OWN = ("groups", "members", "holders", "due", "turn", "swept")


class _Place(msgspec.Struct, frozen=True):
    scanned: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,20}$")]


class RedisGroups:
    """Fulfils `store.groups.GroupStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def sweep(self, queue: str, now: int, job_ids: Sequence[str] | None = None) -> Swept:
        keys = self._keys.of(queue)
        if job_ids is not None:
            return await settle(self._connection, keys, job_ids, now)
        return _swept(await _run(self._connection, "group_sweep", keys, now, _LOOKED_AT))

    async def forget(self, queue: str, job_ids: Sequence[str]) -> list[str]:
        swept = await settle(self._connection, self._keys.of(queue), job_ids, 0)
        return list(swept.emptied)

    async def count(self, queue: str) -> int:
        found: int = await self._connection.send("HLEN", _key(self._keys.of(queue), "groups"), repeat=True)
        return found

    async def get(self, queue: str, group_id: str) -> Group | None:
        keys = self._keys.of(queue)
        state, waiting = self._connection.send_many(
            [("HGET", _key(keys, "groups"), group_id), ("ZCARD", _key(keys, f"line:{group_id}"))]
        )
        found, line = await state, await waiting
        return None if found is None else _group(group_id, found, line)

    async def page(self, queue: str, cursor: str | None, limit: int) -> tuple[list[Group], str | None]:
        keys = self._keys.of(queue)
        at = "0" if cursor is None else decode_place(cursor, _Place).scanned
        after, flat = await self._connection.send("HSCAN", _key(keys, "groups"), at, "COUNT", limit, repeat=True)
        states = {name.decode(errors="replace"): state for name, state in fields(flat).items()}
        lines = self._connection.send_many([("ZCARD", _key(keys, f"line:{name}")) for name in states]) if states else []
        groups = [_group(name, state, await line) for (name, state), line in zip(states.items(), lines, strict=True)]
        return groups, None if after == b"0" else encode_place(_Place(after.decode()))


async def settle(
    connection: Connection, keys: QueueKeys, job_ids: Sequence[str], now: int, *, forget: bool = True
) -> Swept:
    """Jobs that have ended or are gone give back their places; with `forget`, those that are gone count no more."""
    if not job_ids:
        return Swept()
    return _swept(await _run(connection, "group_settle", keys, now, "1" if forget else "0", *job_ids))


async def again(connection: Connection, keys: QueueKeys, state: str, job_id: str, reset: tuple[str, str]) -> bool:
    """Give an ended job of a group another turn; False when it is not in the state."""
    return bool(await _run(connection, "group_again", keys, 0, state, "", job_id, *reset, repeat=False))


async def all_again(connection: Connection, keys: QueueKeys, state: str, until: Value, most: int) -> int:
    """The same for all with a group among the first `most` of a state; how many there were."""
    went: int = await _run(connection, "group_again", keys, 0, state, until, most)
    return went


def parking(keys: QueueKeys, job_id: str, now: int) -> Call:
    """What follows upon BullMQ's own moving a job of a group to `delayed`; until then the job keeps its place."""
    return own("group_delay"), (keys.meta,), (keys.base, now, job_id)


async def change_due(connection: Connection, keys: QueueKeys, job_id: str, delay: int, now: int) -> bool:
    """Make a delayed job of a group due `delay` ms from now; False when it is no such job."""
    return bool(await _run(connection, "group_due", keys, now, job_id, delay, repeat=False))


async def mark_priority(connection: Connection, keys: QueueKeys, job_id: str) -> None:
    """Have the priority of a job read that it was just given, when its place in line comes, should it be in line."""
    await _run(connection, "group_priority", keys, 0, job_id)


async def remove_parked(connection: Connection, keys: QueueKeys, with_delayed: bool) -> bool:
    """Remove a batch of the jobs that stand in line; whether there were any."""
    cursor: bytes = b"0"
    while True:
        flag = "1" if with_delayed else "0"
        cursor, found = await run(connection, own("group_parked"), (keys.meta,), keys.base, _PARKED, flag, cursor)
        job_ids = [job_id.decode() for job_id in found[:_PARKED]]
        if job_ids:
            await asyncio.gather(*(_remove(connection, keys, job_id) for job_id in job_ids))
            await settle(connection, keys, job_ids, 0)
            return True
        if cursor == b"0":
            return False


def _remove(connection: Connection, keys: QueueKeys, job_id: str) -> Coroutine[Any, Any, Any]:
    names = (keys.job(job_id), keys["repeat"])
    return run(connection, official("removeJob"), names, job_id, "0", keys.base, repeat=True)


def wipe(connection: Connection, keys: QueueKeys) -> Any:
    """Awaitable: every trace of the groups of a queue whose jobs are gone."""
    return connection.send("DEL", *(_key(keys, name) for name in _OWN), repeat=True)


def _key(keys: QueueKeys, name: str) -> str:
    return f"{keys.base}corral:{name}"


async def _run(
    connection: Connection, script: str, keys: QueueKeys, now: int, *args: Value, repeat: bool = True
) -> Any:
    return await run(connection, own(script), (keys.meta,), keys.base, now, *args, repeat=repeat)


def _swept(reply: Any) -> Swept:
    moved, emptied = reply
    return Swept(moved, tuple(name.decode(errors="replace") for name in emptied))


def _group(name: str, state: bytes, waiting: int) -> Group:
    jobs, held, places = state.split(b":")
    return Group(name, int(jobs), int(held), waiting, int(places))
