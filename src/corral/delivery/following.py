"""Following one queue's events with a place that is stored: none is missed, however often somebody else goes on."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

from corral.delivery.drafting import Drafting
from corral.delivery.gaps import Gap, ends_in
from corral.delivery.patience import until_answered
from corral.delivery.queue import send
from corral.lifecycle.intake import Clock
from corral.lifecycle.places import BEGINNING, Place
from corral.lifecycle.subscribers import Subscribers
from corral.observe import log
from corral.policy.changes import Change, change_of
from corral.policy.event_ids import Passed, is_after, latest, moment
from corral.store.events import EventReader, QueueEvent
from corral.store.store import Store

_BLOCK = 5.0  # seconds that one read waits for news
_READ = 1000
_BATCH = 500
_AHEAD = 200  # batches that are read before they are delivered: an engine drops what nobody has read for long
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
        self._read: asyncio.Queue[Sequence[QueueEvent]] = asyncio.Queue(_AHEAD)

    async def run(self) -> None:
        """Until cancelled."""
        reader = self._store.events.reader(self._queue)
        place = await until_answered(lambda: self._places.of(self._queue))
        self._safe = place.safe
        reading = asyncio.get_running_loop().create_task(self._read_on(reader, place.safe))
        try:
            await self._fill_gap(place.safe)
            await self._deliver_all(place.safe, reading)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await reader.close()

    async def _read_on(self, reader: EventReader, after: str) -> None:
        passed = Passed(after)
        while True:
            events = await until_answered(partial(reader.read, after, _BLOCK, _READ))
            fresh = [event for event in events if passed.add(event.id)]
            after = latest(after, *(event.id for event in fresh))
            for first in range(0, len(fresh), _BATCH):
                await self._read.put(fresh[first : first + _BATCH])

    async def _deliver_all(self, last: str, reading: "asyncio.Task[None]") -> None:
        while not reading.done():
            next_batch = asyncio.ensure_future(self._read.get())
            await asyncio.wait([next_batch, reading], return_when=asyncio.FIRST_COMPLETED)
            if not next_batch.done():
                next_batch.cancel()
                break
            events = next_batch.result()
            last = latest(last, *(event.id for event in events))
            await self._deliver(self._changes(events), last)
        reading.result()

    def _changes(self, events: Sequence[QueueEvent]) -> list[Change]:
        now = self._clock()
        found = (change_of(one.id, one.name, one.fields, moment(one.id) or now) for one in events)
        return [change for change in found if change is not None]

    async def _deliver(self, changes: Sequence[Change], last: str | None) -> None:
        """The same again until it is stored: the engine may be away in between."""

        async def store() -> None:
            await send(self._store, await self._drafting.drafts(self._queue, changes), self._clock())
            if last is not None:
                await self._places.keep(self._queue, Place(last, self._safe_at(last)))

        await until_answered(store)

    async def _fill_gap(self, after: str) -> None:
        """Where the engine has dropped what came next, the jobs that ended meanwhile are asked instead."""
        oldest = await until_answered(lambda: self._store.events.oldest_id(self._queue))
        begun, end = moment(after), None if oldest is None else moment(oldest)
        if after == BEGINNING or oldest is None or not is_after(oldest, after) or begun is None or end is None:
            return
        found = await until_answered(lambda: ends_in(self._store, self._queue, Gap(begun, end)))
        if found:
            log.events_missed(self._queue, len(found))
        for first in range(0, len(found), _BATCH):
            await self._deliver(found[first : first + _BATCH], None)

    def _safe_at(self, last: str) -> str:
        """From where whoever goes on has to look again."""
        if moment(last) is not None:
            return last
        now = self._clock()
        self._marks.append((now, last))
        while self._marks and now - self._marks[0][0] >= _LATE_MS:
            self._safe = self._marks.popleft()[1]
        return self._safe
