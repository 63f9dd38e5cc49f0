"""Following the events of many queues at once: those that fit a pattern, also ones that come later."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from corral.lifecycle.follow import Follower
from corral.lifecycle.intake import Clock
from corral.lifecycle.watch import Feeds
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.directory import NameQuery
from corral.store.events import QueueEvent
from corral.store.store import Store

Places = dict[str, str]
"""Where a listener stands: the id of the last event by queue."""

_LOOK_SECONDS = 2.0
_MOST_QUEUES = 500
_ROOM = 100


class ManyFollower:
    """Yields `(queue, event)` in each queue's own order. At most 500 queues are followed at once."""

    def __init__(self, feeds: Feeds, store: Store, pattern: str, clock: Clock) -> None:
        self._feeds = feeds
        self._store = store
        self._pattern = pattern
        self._clock = clock
        self._merged: asyncio.Queue[tuple[str, QueueEvent]] = asyncio.Queue(_ROOM)
        self._following: dict[str, asyncio.Task[None]] = {}

    async def start(self, places: Places) -> AsyncIterator[tuple[str, QueueEvent]]:
        """From the places on; queues without one from now on, and queues that appear later from their beginning.

        Once this has returned, nothing is missed. Raises `StoreUnavailable`.
        """
        for queue in dict.fromkeys([*places, *await self._names()]):
            self._begin(queue, await self._follower(queue).start(places.get(queue)))
        return self._follow()

    async def _follow(self) -> AsyncIterator[tuple[str, QueueEvent]]:
        looking = asyncio.get_running_loop().create_task(self._look())
        try:
            while True:
                yield await self._merged.get()
        finally:
            tasks = [looking, *self._following.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(StoreUnavailable, StoreError):
                for queue in await self._names():
                    if queue not in self._following:
                        self._begin(queue, await self._follower(queue).start("0-0"))

    async def _names(self) -> list[str]:
        query = NameQuery(limit=_MOST_QUEUES, pattern=self._pattern)
        names, _ = await self._store.directory.names(query, self._clock())
        return names

    def _follower(self, queue: str) -> Follower:
        return Follower(self._feeds, self._store.events, queue)

    def _begin(self, queue: str, events: AsyncIterator[QueueEvent]) -> None:
        if len(self._following) < _MOST_QUEUES:
            self._following[queue] = asyncio.get_running_loop().create_task(self._pass_on(queue, events))

    async def _pass_on(self, queue: str, events: AsyncIterator[QueueEvent]) -> None:
        async for event in events:
            await self._merged.put((queue, event))
