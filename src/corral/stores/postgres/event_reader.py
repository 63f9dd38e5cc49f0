"""Following the events of one queue, also those whose transaction ends late.

An event gets its id when it is written and is seen when its transaction ends, so one with a lower id may come after
one with a higher. The reader looks back: it knows what it has given out, and gives out what has come in between.
"""

import asyncio
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Sequence

import msgspec

from corral.store.events import QueueEvent
from corral.stores.postgres.bell import Bell
from corral.stores.postgres.database import Database, Row
from corral.stores.postgres.listener import Listener

LOOK_BACK_SECONDS, LOOK_BACK_EVENTS = 60.0, 10_000
"""How far it looks back, until either is reached."""

_NEAR = 256  # events that every look goes back; it goes all the way once a second
_FAR_EVERY = 1.0
_BEFORE = 1_000  # ids below its first place in which events may still come
_PAUSES = (0.05, 0.5)  # looks after a ring: of several writers at once one alone rings
_PATIENCE = 5.0  # seconds until it looks without a ring
_LAST = 2**63 - 1
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode


class TableReader:
    """Fulfils `store.events.EventReader`. Events that come late are given out among the next, in order of their ids."""

    def __init__(self, database: Database, listener: Listener, queue: str) -> None:
        self._database = database
        self._listener = listener
        self._queue = queue
        self._given = _Given(-1, -1, [])

    async def read(self, after: str, timeout: float, limit: int = 1000) -> list[QueueEvent]:
        now = asyncio.get_running_loop().time
        until = now() + timeout
        await self._begin(place(after))
        with Bell(self._listener, "bullmq_events", self._queue) as bell:
            pauses = iter(_PAUSES)
            while True:
                found = await self._look(limit, now())
                left = until - now()
                if found or left <= 0:
                    return found
                if await bell.rang(min(left, next(pauses, _PATIENCE))):
                    pauses = iter(_PAUSES)

    async def close(self) -> None:
        """Nothing is held between two reads."""

    async def _begin(self, after: int) -> None:
        """What is there at a new place counts as given out."""
        if after != self._given.last:
            floor = after - _BEFORE
            rows = await self._database.rows("event_ids", self._queue, floor, after, repeat=True)
            self._given = _Given(after, floor, [row["id"] for row in rows])

    async def _look(self, limit: int, now: float) -> list[QueueEvent]:
        floor, known = self._given.known(now)
        rows = await self._database.rows("events_unknown", self._queue, floor, known, limit, repeat=True)
        self._given.add([row["id"] for row in rows])
        return [event_of(row) for row in rows]


class _Given:
    """The ids that were given out, in order; those up to `floor` are no longer looked at."""

    def __init__(self, last: int, floor: int, ids: list[int]) -> None:
        self.last = last
        self._floor = floor
        self._ids = ids
        self._marks: deque[tuple[float, int]] = deque()

    def known(self, now: float) -> tuple[int, Sequence[int]]:
        """Where to look from, and what of it was given out."""
        if not self._marks or now - self._marks[-1][0] >= _FAR_EVERY:
            self._marks.append((now, self.last))
            self._forget(now)
            return self._floor, self._ids
        if len(self._ids) <= _NEAR:
            return self._floor, self._ids
        return self._ids[-_NEAR - 1], self._ids[-_NEAR:]

    def add(self, ids: Sequence[int]) -> None:
        for one in ids:
            insort(self._ids, one)
        self.last = max(self.last, *ids[-1:], -1)

    def _forget(self, now: float) -> None:
        while self._marks and now - self._marks[0][0] > LOOK_BACK_SECONDS:
            self._floor = max(self._floor, self._marks.popleft()[1])
        if len(self._ids) > LOOK_BACK_EVENTS:
            self._floor = max(self._floor, self._ids[-LOOK_BACK_EVENTS - 1])
        del self._ids[: bisect_right(self._ids, self._floor)]


def event_of(row: Row) -> QueueEvent:
    """Fields that are no text come as their JSON, as they are on Redis."""
    event_id, name, data, at = row
    return QueueEvent(outward(event_id), name, {key: _field(raw) for key, raw in _decode(data).items()}, at)


def outward(event_id: int) -> str:
    """Of the form that ids have on Redis."""
    return f"{event_id}-0"


def place(event_id: str) -> int:
    """The number of such an id."""
    return min(int(event_id.partition("-")[0] or 0), _LAST)


def _field(raw: msgspec.Raw) -> str:
    stored = bytes(raw)
    return _text(stored) if stored.startswith(b'"') else stored.decode()
