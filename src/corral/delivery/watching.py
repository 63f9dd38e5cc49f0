"""Which queues are followed, by exactly one process at a time."""

import asyncio
import contextlib
from collections.abc import Callable

from corral.delivery.following import QueueFollower
from corral.delivery.queue import QUEUE
from corral.lifecycle.subscribers import OPERATORS, Subscribers
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.idempotency import IdempotencyStore

_EVERY = 1.0
_LEASE = "following-for-deliveries"
_LEASE_MS = 4_000

Follow = Callable[[str], QueueFollower]
Failed = Callable[[str, BaseException], None]


class Watching:
    """Holds the lease if nobody else does, and then follows every queue of which somebody may hear."""

    def __init__(
        self, lease: IdempotencyStore, owner: str, subscribers: Subscribers, follow: Follow, failed: Failed
    ) -> None:
        self._lease = lease
        self._owner = owner.encode()
        self._subscribers = subscribers
        self._follow = follow
        self._failed = failed
        self._following: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._held = False

    @property
    def queues(self) -> list[str]:
        """Those that are followed here."""
        return list(self._following)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Let somebody else go on at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._drop(list(self._following))
        if self._held:
            with contextlib.suppress(StoreUnavailable, StoreError, TimeoutError):
                async with asyncio.timeout(_EVERY):
                    await self._lease.forget(_LEASE)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable, StoreError):
                await self._look()
            await asyncio.sleep(_EVERY)

    async def _look(self) -> None:
        wanted = self._is_wanted()
        if not wanted or not await self._holds():
            await self._drop(list(self._following))
            return
        await self._subscribers.drop_orphans()
        queues = await self._queues()
        await self._drop([queue for queue in self._following if queue not in queues])
        for queue in queues:
            if queue not in self._following:
                task = asyncio.get_running_loop().create_task(self._follow(queue).run())
                task.add_done_callback(self._ended)
                self._following[queue] = task

    def _is_wanted(self) -> bool:
        return bool(self._subscribers.applications or self._subscribers.hooked.all())

    async def _holds(self) -> bool:
        """Whether this process has the lease, which is renewed then."""
        holder = await self._lease.begin(_LEASE, self._owner, _LEASE_MS)
        self._held = holder in (None, self._owner)
        if holder == self._owner:
            await self._lease.keep(_LEASE, self._owner, _LEASE_MS)
        return self._held

    async def _queues(self) -> set[str]:
        hearing = self._subscribers.applications
        found = set(self._subscribers.hooked.all())
        if hearing:
            names = await self._subscribers.all_queues()
            found.update(name for name in names if OPERATORS in hearing or self._subscribers.owner(name) in hearing)
        return found - {QUEUE}

    async def _drop(self, queues: list[str]) -> None:
        tasks = [self._following.pop(queue) for queue in queues]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """One that failed by a mistake of our own is started again at the next look, from its stored place."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        for queue in [queue for queue, one in self._following.items() if one is task]:
            del self._following[queue]
            self._failed(f"the follower of queue {queue}", error)
