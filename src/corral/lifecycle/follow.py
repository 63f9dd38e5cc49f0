"""Following one queue's events from any place in its stream, without a gap and with bounded memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from corral.lifecycle.watch import Feeds
from corral.model.errors import StoreError, StoreUnavailable
from corral.policy.event_ids import Passed, is_after
from corral.store.events import EventStore, QueueEvent

T = TypeVar("T")

GAP = "gap"
"""The name of the event that says: what came right after your place is no longer stored."""

_MOST_KEPT = 1000
_BATCH = 500
_RETRY = 0.5


class Follower:
    """Yields events one after the other. One that reads slowly is served from the store instead of from memory."""

    def __init__(self, feeds: Feeds, events: EventStore, queue: str) -> None:
        self._feeds = feeds
        self._events = events
        self._queue = queue
        self._news: deque[QueueEvent] = deque()
        self._behind = False
        self._told = asyncio.Event()

    async def start(self, after: str | None = None) -> AsyncIterator[QueueEvent]:
        """All events after the id, or from now on: once this has returned, none is missed."""
        begin = await self._asked(lambda: self._events.last_id(self._queue)) if after is None else after
        gap = after is not None and await self._has_gap(after)
        self._behind = True
        return self._follow(begin, gap)

    async def _follow(self, begin: str, gap: bool) -> AsyncIterator[QueueEvent]:
        leave = await self._feeds.subscribe(self._queue, self._heard)
        try:
            if gap:
                yield QueueEvent(id=begin, name=GAP, fields={})
            async for event in self._events_after(begin):
                yield event
        finally:
            leave()

    def _heard(self, event: QueueEvent) -> None:
        if len(self._news) >= _MOST_KEPT:
            self._behind = True
            self._news.clear()
        if not self._behind:
            self._news.append(event)
        self._told.set()

    async def _events_after(self, begin: str) -> AsyncIterator[QueueEvent]:
        passed = Passed(begin)
        while True:
            while self._behind:
                self._behind = False  # from here on news are kept in memory; the store has all that came before
                while batch := await self._stored(passed.last):
                    for event in batch:
                        if passed.add(event.id):
                            yield event
            while self._news:
                event = self._news.popleft()
                if passed.add(event.id):
                    yield event
            if not self._behind:
                self._told.clear()
                await self._told.wait()

    async def _has_gap(self, after: str) -> bool:
        oldest = await self._asked(lambda: self._events.oldest_id(self._queue))
        return oldest is not None and after not in ("0", "0-0") and is_after(oldest, after)

    async def _stored(self, after: str) -> list[QueueEvent]:
        return await self._asked(lambda: self._events.since(self._queue, after, _BATCH))

    @staticmethod
    async def _asked(ask: Callable[[], Awaitable[T]]) -> T:
        """The answer, waiting for an engine that is away."""
        while True:
            try:
                return await ask()
            except (StoreUnavailable, StoreError):
                await asyncio.sleep(_RETRY)
