"""Following one queue's events with a place that is stored: none is missed, however often somebody else goes on."""

import asyncio
from collections import deque
from collections.abc import Sequence

from corral.delivery.drafting import Drafting
from corral.delivery.queue import send
from corral.lifecycle.intake import Clock
from corral.lifecycle.places import Place
from corral.lifecycle.subscribers import Subscribers
from corral.model.errors import StoreError, StoreUnavailable
from corral.policy.changes import change_of
from corral.policy.event_ids import Passed, latest, moment
from corral.store.events import QueueEvent
from corral.store.store import Store

_BLOCK = 5.0  # seconds that one read waits for news
_BATCH = 500
_RETRY = 0.5
_LATE_MS = 60_000  # after which an event that is written down is also seen, where ids do not tell the time


class QueueFollower:
    """Turns what happens into deliveries. Two that follow the same queue do no harm: what they send is the same."""

    def __init__(self, store: Store, subscribers: Subscribers, drafting: Drafting, clock: Clock, queue: str) -> None:
        self._store = store
        self._places = subscribers.places
        self._drafting = drafting
        self._clock = clock
        self._queue = queue
        self._marks: deque[tuple[int, str]] = deque()
        self._safe = ""

    async def run(self) -> None:
        """Until cancelled."""
        reader = self._store.events.reader(self._queue)
        try:
            after = await self._begin()
            passed = Passed(after)
            while True:
                try:
                    events = await reader.read(after, _BLOCK, _BATCH)
                except (StoreUnavailable, StoreError):
                    await asyncio.sleep(_RETRY)
                    continue
                fresh = [event for event in events if passed.add(event.id)]
                if fresh:
                    after = latest(after, *(event.id for event in fresh))
                    await self._deliver(fresh, after)
        finally:
            await reader.close()

    async def _begin(self) -> str:
        while True:
            try:
                place = await self._places.of(self._queue)
            except (StoreUnavailable, StoreError):
                await asyncio.sleep(_RETRY)
                continue
            self._safe = place.safe
            return place.safe

    async def _deliver(self, events: Sequence[QueueEvent], last: str) -> None:
        """The same again until it is stored: the engine may be away in between."""
        now = self._clock()
        found = (change_of(one.id, one.name, one.fields, moment(one.id) or now) for one in events)
        changes = [change for change in found if change is not None]
        while True:
            try:
                drafts = await self._drafting.drafts(self._queue, changes)
                await send(self._store, drafts, self._clock())
                return await self._places.keep(self._queue, Place(last, self._safe_at(last, now)))
            except (StoreUnavailable, StoreError):
                await asyncio.sleep(_RETRY)

    def _safe_at(self, last: str, now: int) -> str:
        """From where whoever goes on has to look again."""
        if moment(last) is not None:
            return last
        self._marks.append((now, last))
        while self._marks and now - self._marks[0][0] >= _LATE_MS:
            self._safe = self._marks.popleft()[1]
        return self._safe
