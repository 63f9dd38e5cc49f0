"""How many jobs of an application run at once, over all of its queues and all processes.

Counted are the jobs that are active in the engine, so that nothing has to be given back. Claims for one application go
one by one: two that looked at the same moment would both find room. A queue that waits is not passed over for ever.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec

from corral.lifecycle.kept import Kept
from corral.lifecycle.line import Line
from corral.lifecycle.ownership import OPERATOR, Ownership
from corral.model.application import Application
from corral.model.errors import CorralError, TooManyRequests
from corral.model.job import ClaimedJob
from corral.store.job_moves import JobMoveStore
from corral.store.jobs import Claim, ClaimRequest, Finished, JobStore
from corral.store.store import Store

_HOLD_MS = 10_000  # longer than a claim takes; after a crash on the way nothing is claimed for so long
_PATIENCE = 1.0
_PAUSE = 0.01


class Room(msgspec.Struct, frozen=True):
    """How many more jobs may begin; where none may, the milliseconds after which to look again."""

    free: int
    again_ms: int = 0


class Ceiling:
    """Knows how many more jobs of an application may begin to run."""

    def __init__(self, store: Store, applications: Kept[Application], ownership: Ownership) -> None:
        self._store = store
        self._applications = applications
        self._ownership = ownership
        self._turns: dict[str, asyncio.Lock] = {}
        self._line = Line(store.idempotency)
        self._free: set[str] = set()

    async def find(self, queue: str) -> tuple[str, int] | None:
        """The same as `bound`, also where another process has made the application or the queue a moment ago."""
        owner = self._ownership.owner(queue)
        known = self._ownership.is_settled(queue, OPERATOR) if owner is None else self._applications.get(owner)
        if not known and queue not in self._free:
            await asyncio.gather(self._ownership.refresh(), self._applications.refresh())
        return self.bound(queue)

    def used(self, queue: str) -> None:
        """Jobs were found in the queue: if it is no application's, none gets it under this name by now."""
        if self._ownership.owner(queue) is None:
            self._free.add(queue)

    def bound(self, queue: str) -> tuple[str, int] | None:
        """The application whose queue of the engine that is, and its bound; None where there is none."""
        owner = self._ownership.owner(queue)
        found = None if owner is None else self._applications.get(owner)
        most = None if found is None else found.settings.max_concurrent_jobs
        return None if owner is None or most is None else (owner, most)

    @asynccontextmanager
    async def turn(self, queue: str, now: int) -> AsyncIterator[Room | None]:
        """How many more jobs may begin while this is held; None: as many as there are. Raises `StoreUnavailable`."""
        bound = await self.find(queue)
        if bound is None:
            yield None
            return
        application, most = bound
        async with self._turns.setdefault(application, asyncio.Lock()):
            name = f"claiming:{application}"
            if not await self._begin(name):
                yield Room(0)
                return
            try:
                yield await self._room(application, queue, most, now)
            finally:
                await self._store.idempotency.forget(name)

    async def _room(self, application: str, queue: str, most: int, now: int) -> Room:
        await self._ownership.refresh()  # another process may have made a queue a moment ago, and begun a job of it
        running, first = await asyncio.gather(self._running(application), self._line.first(application))
        left = 1 if first is not None and first.queue != queue else 0
        free = most - running - left
        if free <= 0:
            return Room(0, await self._line.refused(application, queue, first, now))
        await self._line.served(application, queue, first)
        return Room(free)

    async def _begin(self, name: str) -> bool:
        """Whether it is this process's turn; False when that took too long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        while await self._store.idempotency.begin(name, b"1", _HOLD_MS) is not None:
            if loop.time() > until:
                return False
            await asyncio.sleep(_PAUSE)
        return True

    async def _running(self, application: str) -> int:
        queues = self._ownership.queues(application).values()
        counts = await asyncio.gather(*(self._store.queues.counts(queue, ["active"]) for queue in queues))
        return sum(found["active"] for found in counts)


class CeilingJobs:
    """Fulfils `store.jobs.JobStore`: the engine's, but for claims in queues of applications that have a bound."""

    def __init__(self, jobs: JobStore, ceiling: Ceiling) -> None:
        self._jobs = jobs
        self._ceiling = ceiling

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._jobs, name)
        setattr(self, name, found)
        return found

    async def claim(self, queue: str, request: ClaimRequest, now: int) -> Claim:
        """`maxed` also when the application runs as many jobs as it may."""
        if request.count == 0 or await self._ceiling.find(queue) is None:
            claim = await self._jobs.claim(queue, request, now)
            if claim.jobs:
                self._ceiling.used(queue)
            return claim
        async with self._ceiling.turn(queue, now) as room:
            if room is None or room.free >= request.count:
                return await self._jobs.claim(queue, request, now)
            if room.free == 0:
                return Claim([], maxed=True, again_ms=room.again_ms)
            claim = await self._jobs.claim(queue, msgspec.structs.replace(request, count=room.free), now)
            return msgspec.structs.replace(claim, maxed=claim.maxed or len(claim.jobs) == room.free)

    async def finish(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        """As the engine's; one round trip more where there is a bound, and those of the claim."""
        if claim is None or self._ceiling.bound(queue) is None:
            return await self._jobs.finish(queue, finished, claim, now)
        results, _ = await self._jobs.finish(queue, finished, None, now)
        try:
            return results, await self.claim(queue, claim, now)
        except CorralError as error:
            return results, error


class CeilingMoves:
    """Fulfils `store.job_moves.JobMoveStore`: the engine's, but for taking one job."""

    def __init__(self, moves: JobMoveStore, ceiling: Ceiling) -> None:
        self._moves = moves
        self._ceiling = ceiling

    def __getattr__(self, name: str) -> Any:
        return getattr(self._moves, name)

    async def take(self, queue: str, job_id: str, token: str, lock_ms: int, now: int) -> ClaimedJob:
        """Raises `TooManyRequests` while the application runs as many jobs as it may."""
        async with self._ceiling.turn(queue, now) as room:
            if room is not None and room.free == 0:
                raise TooManyRequests("This application runs as many jobs at once as it may", 1)
            return await self._moves.take(queue, job_id, token, lock_ms, now)


class CeilingStore:
    """The engine, in which no application runs more jobs at once than it may."""

    def __init__(self, store: Store, ceiling: Ceiling) -> None:
        self.prefix = store.prefix
        self.jobs = CeilingJobs(store.jobs, ceiling)
        self.job_moves = CeilingMoves(store.job_moves, ceiling)
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def under_ceiling(store: Store, ceiling: Ceiling) -> Store:
    """What everything is to claim from."""
    return cast(Store, CeilingStore(store, ceiling))
