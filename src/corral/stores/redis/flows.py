"""`FlowStore` on Redis."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from corral.model.errors import JobNotFound
from corral.model.flow import FlowJob, FlowNode
from corral.policy.groups import group_of
from corral.policy.parents import parent_key
from corral.policy.refusals import refusal
from corral.stores.redis.adding import add_call, added_id
from corral.stores.redis.connection import Connection
from corral.stores.redis.flow_nodes import read_nodes
from corral.stores.redis.group_adding import enter_calls
from corral.stores.redis.job_ids import is_job, of_job
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import Call, run, run_atomically
from corral.stores.redis.scripts import official, own

_REPLACED = -7


class RedisFlows:
    """Fulfils `store.flows.FlowStore`."""

    def __init__(self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None]) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in

    async def add(self, jobs: Sequence[FlowJob], now: int) -> list[str]:
        named = [(f"{self._keys.prefix}:{one.queue}:{one.job_id}", one) for one in jobs]
        outside = {key for _, one in named if (key := parent_key(one.job.opts))} - {name for name, _ in named}
        await self._check_others(named, outside)
        calls = self._calls(named, outside, now)
        for queue in {one.queue for one in jobs}:
            self._stored_in(queue)
        replies = await run_atomically(self._connection, calls)
        added = [reply for call, reply in zip(calls, replies, strict=True) if call[0].name.startswith("add")]
        return [added_id(reply, one.job_id) for one, reply in zip(jobs, added, strict=True)]

    async def nodes(self, names: Sequence[str], breadth: int) -> list[FlowNode | None]:
        return await read_nodes(self._connection, self._keys.prefix, names, breadth)

    async def remove_unprocessed_children(self, queue: str, job_id: str) -> None:
        keys = self._keys.of(queue)
        key = keys.job(job_id)
        script = official("removeUnprocessedChildren")
        removal = run(self._connection, script, (key, keys.meta), keys.base, job_id, repeat=True)
        await of_job(self._connection, key, job_id, removal)

    async def remove_child_dependency(self, queue: str, job_id: str) -> bool:
        keys = self._keys.of(queue)
        key = keys.job(job_id)
        asked = self._connection.send("HGET", key, "parentKey", repeat=True)
        (parent,) = await of_job(self._connection, key, job_id, asked)
        if not parent:
            return False
        code: int = await run(self._connection, official("removeChildDependency"), (keys.base,), key, parent)
        if code < 0:
            raise refusal(code, job_id, "removeChildDependency")
        return code == 0

    async def _check_others(self, named: list[tuple[str, FlowJob]], outside: set[str]) -> None:
        """Refuse what a script would refuse when jobs before it are in already.

        Somebody else may still come between; then those jobs stay, and the refusal is raised all the same.
        """
        there = await asyncio.gather(*(is_job(self._connection, parent) for parent in outside))
        for parent, known in zip(outside, there, strict=True):
            if not known:
                raise JobNotFound(f"Missing key for parent job {parent}. addJob")
        custom = [(name, one) for name, one in named if one.custom and parent_key(one.job.opts)]
        parents = await self._all([("HGET", name, "parentKey") for name, _ in custom])
        other = [
            (parent, one)
            for parent, (_, one) in zip(parents, custom, strict=True)
            if parent and parent.decode(errors="replace") != parent_key(one.job.opts)
        ]
        for (_, one), lives in zip(other, await self._all([("EXISTS", parent) for parent, _ in other]), strict=True):
            if lives:
                raise refusal(_REPLACED, one.job_id, "addJob")

    async def _all(self, commands: list[tuple[bytes | str, ...]]) -> list[Any]:
        return [await reply for reply in self._connection.send_many(commands)] if commands else []

    def _calls(self, named: list[tuple[str, FlowJob]], outside: set[str], now: int) -> list[Call]:
        """The adds; a child that may have completed before must not let its parent go before the others are in."""
        held = {key: one.job.opts["parent"] for _, one in named if one.custom and (key := parent_key(one.job.opts))}
        calls = [_hold(key) for key in held if key in outside]
        for name, one in named:
            if group_of(one.job.opts) and not one.has_children:
                calls += enter_calls(self._keys.of(one.queue), one.job, now, one.job_id)
            else:
                calls.append(add_call(self._keys.of(one.queue), one.job, now, one.job_id, one.has_children))
            if name in held:
                calls.append(_hold(name))
        return calls + [_release(parent["queue"], parent["id"], now) for parent in held.values()]


def _hold(name: str) -> Call:
    return own("hold"), (name, f"{name}:dependencies"), ()


def _release(queue: str, job_id: str, now: int) -> Call:
    name = f"{queue}:{job_id}"
    parts = ("waiting-children", "wait", "prioritized", "delayed", "active", "meta", "marker", "pc", "events")
    return own("release"), (name, f"{name}:dependencies", *(f"{queue}:{part}" for part in parts)), (job_id, now)
