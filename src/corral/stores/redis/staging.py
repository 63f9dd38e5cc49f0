"""Large calls: their jobs are stored a few at a time, and enter the queue together or not at all.

The engine holds all that one script or transaction writes until the end of it, which costs an engine that is not
fresh up to half as much again per job; and between the parts it answers others.
"""

import asyncio
import itertools
import secrets
from collections.abc import Sequence

from corral.model.errors import StoreBusy, StoreError
from corral.model.job import NewJob
from corral.stores.redis.adding import plain_args
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import QueueKeys
from corral.stores.redis.replies import ScriptMissing
from corral.stores.redis.run import Call, Value, load_scripts, run
from corral.stores.redis.scripts import own

SIZE = 8
"""How many jobs are stored at a time."""
_REMEMBERED_MS = 60_000


class Staging:
    """Adds the plain jobs of large calls."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._owner = secrets.token_hex(8)
        self._serials = itertools.count()

    async def add(self, keys: QueueKeys, jobs: Sequence[NewJob], now: int) -> list[str]:
        """The ids in order; after a `StoreError` or a `StoreBusy` nothing of the call is in the queue.

        A connection that is lost on the way may leave data of jobs that no queue knows; `remove_orphans` finds it.
        """
        try:
            return await self._add(keys, jobs, now)
        except ScriptMissing:
            await load_scripts(self._connection)
            return await self._add(keys, jobs, now)

    async def _add(self, keys: QueueKeys, jobs: Sequence[NewJob], now: int) -> list[str]:
        staged = f"{keys.base}staged:{self._owner}:{next(self._serials)}"
        parts = [jobs[start : start + SIZE] for start in range(0, len(jobs), SIZE)]
        calls = [*(_stage(keys, staged, part, now) for part in parts), _admit(keys, staged, len(jobs))]
        *stored, admitted = self._connection.send_many([script.call(names, *args) for script, names, args in calls])
        self._connection.flush()
        try:
            if not await admitted:
                raise await _reason(stored)
        except (StoreError, StoreBusy):
            script, names, args = _admit(keys, staged, 0)
            await run(self._connection, script, names, *args)
            raise
        firsts = [first.result() for first in stored]
        return [str(first + i) for first, part in zip(firsts, parts, strict=True) for i in range(len(part))]


async def _reason(stored: Sequence[asyncio.Future[int]]) -> StoreError | StoreBusy:
    """Why a part of the call is not there."""
    try:
        for part in stored:
            await part
    except (StoreError, StoreBusy) as error:
        return error
    return StoreError("the engine has lost a part of the call")


def _stage(keys: QueueKeys, staged: str, jobs: Sequence[NewJob], now: int) -> Call:
    args: list[Value] = [keys.base, _REMEMBERED_MS]
    for job in jobs:
        args += plain_args(job, now)
    return own("stage"), (keys["id"], staged), tuple(args)


def _admit(keys: QueueKeys, staged: str, count: int) -> Call:
    names = (staged, *keys.many("wait", "meta", "events", "marker", "active"))
    return own("admit"), names, (keys.base, count)
