"""Following one queue's events with a place that is stored: none is missed, however often somebody else goes on."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from corral.delivery.drafting import Drafting
from corral.delivery.gaps import Ends, Gap, ends_in, gap_before
from corral.delivery.patience import until_answered
from corral.delivery.queue import send
from corral.lifecycle.places import BEGINNING, Place
from corral.lifecycle.subscribers import Subscribers
from corral.policy.changes import Change, change_of
from corral.policy.event_ids import Passed, latest, moment
from corral.store.events import EventReader, QueueEvent
from corral.store.store import Store

_BLOCK = 5.0  # seconds that one read waits for news
_READ = 1000
_BATCH = 500
_AHEAD = 200  # batches that are read before they are delivered: an engine drops what nobody has read for long
_LATE_MS = 60_000  # after which an event that is written down is also seen, where ids do not tell the time


Read = tuple[Gap | None, Sequence[QueueEvent]]
"""Some events, and what may be missing before them."""


class QueueFollower:
    """Turns what happens into deliveries. Two that follow the same queue do no harm: what they send is the same.

    Where the engine has dropped events before they were read, `missed` is told of the queue, and how many jobs ended.
    """

    def __init__(
        self, store: Store, subscribers: Subscribers, drafting: Drafting, missed: Callable[[str, int], None], queue: str
    ) -> None:
        self._store = store
        self._places = subscribers.places
        self._clock = subscribers.clock
        self._drafting = drafting
        self._missed = missed
        self._queue = queue
        self._marks: deque[tuple[int, str]] = deque()
        self._safe = ""
        self._ends = Ends()
        self._read: asyncio.Queue[Read] = asyncio.Queue(_AHEAD)

    async def run(self) -> None:
        """Until cancelled."""
        reader = self._store.events.reader(self._queue)
        place = await until_answered(lambda: self._places.of(self._queue))
        self._safe = place.safe
        reading = asyncio.get_running_loop().create_task(self._read_on(reader, place))
        try:
            await self._deliver_all(place, reading)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await reader.close()

    async def _read_on(self, reader: EventReader, place: Place) -> None:
        after, passed = place.safe, Passed(place.safe)
        while True:
            events = await until_answered(partial(reader.read, after, _BLOCK, _READ))
            fresh = [event for event in events if passed.add(event.id)]
            gap = await self._gap(place, fresh)
            place = _moved(place, fresh)
            after = latest(after, *(event.id for event in fresh))
            for first in range(0, len(fresh), _BATCH):
                await self._read.put((gap if first == 0 else None, fresh[first : first + _BATCH]))

    async def _gap(self, place: Place, fresh: Sequence[QueueEvent]) -> Gap | None:
        """What may be missing between a place and what was read after it."""
        if place.last == BEGINNING or not place.at or not fresh:
            return None
        oldest = await until_answered(lambda: self._store.events.oldest_id(self._queue))
        return None if oldest is None else gap_before(fresh, place.last, place.at, oldest)

    async def _deliver_all(self, place: Place, reading: "asyncio.Task[None]") -> None:
        while not reading.done():
            next_batch = asyncio.ensure_future(self._read.get())
            await asyncio.wait([next_batch, reading], return_when=asyncio.FIRST_COMPLETED)
            if not next_batch.done():
                next_batch.cancel()
                break
            gap, events = next_batch.result()
            if gap is not None:
                await self._fill(gap, events)
            place = _moved(place, events)
            await self._deliver(self._ends.heard(_changes(events)), place)
        reading.result()

    async def _deliver(self, changes: Sequence[Change], place: Place | None) -> None:
        """The same again until it is stored: the engine may be away in between."""

        async def store() -> None:
            await send(self._store, await self._drafting.drafts(self._queue, changes), self._clock())
            if place is not None:
                await self._places.keep(self._queue, Place(place.last, self._safe_at(place.last), place.at))

        await until_answered(store)

    async def _fill(self, gap: Gap, before: Sequence[QueueEvent]) -> None:
        """Jobs that ended meanwhile are asked instead. Ids that are no times leave gaps where nothing has happened."""
        found = self._ends.found(await until_answered(lambda: ends_in(self._store, self._queue, gap)))
        if found or moment(before[0].id) is not None:
            self._missed(self._queue, len(found))
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


def _moved(place: Place, events: Sequence[QueueEvent]) -> Place:
    """The place after these events, which may have come late."""
    last = latest(place.last, *(event.id for event in events))
    return Place(last, place.safe, max(place.at, *(event.at for event in events), 0))


def _changes(events: Sequence[QueueEvent]) -> list[Change]:
    found = (change_of(one.id, one.name, one.fields, one.at) for one in events)
    return [change for change in found if change is not None]
