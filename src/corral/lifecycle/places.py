"""Up to where the events of each queue have been turned into deliveries, stored."""

from collections.abc import Iterable

import msgspec

from corral.policy.event_ids import is_after
from corral.store.events import EventStore
from corral.store.records import RecordStore

_KIND = "delivery-places"
BEGINNING = "0-0"


class Place(msgspec.Struct, frozen=True):
    """All up to `last`, written at `at` (ms; 0: nobody knows), was seen; one that came late may miss after `safe`."""

    last: str
    safe: str
    at: int = 0


_decode = msgspec.json.Decoder(Place).decode
_encode = msgspec.json.Encoder().encode


class Places:
    """A queue without a place is new: it is read from its beginning."""

    def __init__(self, records: RecordStore, events: EventStore) -> None:
        self._records = records
        self._events = events

    async def of(self, queue: str) -> Place:
        stored = await self._records.get(_KIND, queue)
        return Place(BEGINNING, BEGINNING) if stored is None else _decode(stored)

    async def keep(self, queue: str, place: Place) -> None:
        """Unless somebody who follows the queue as well has got further."""
        stored = await self._records.get(_KIND, queue)
        if stored is None or not is_after(_decode(stored).last, place.last):
            await self._records.put(_KIND, queue, _encode(place))

    async def start_from_now(self, queues: Iterable[str], now: int) -> None:
        """What has happened in these queues up to now is for nobody."""
        for queue in queues:
            last = await self._events.last_id(queue)
            await self._records.put(_KIND, queue, _encode(Place(last, last, now)))
