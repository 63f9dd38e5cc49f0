"""`SearchStore` on Redis: a chunk of ids from where the last page ended, then the jobs among them."""

from binascii import crc32
from typing import Annotated, Any

import msgspec

from corral.policy.places import decode_place, encode_place, foreign_cursor
from corral.store.search import FoundJobs, JobInState, Search
from corral.stores.redis.codec import fields, stored_job
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache, QueueKeys
from corral.stores.redis.run import Value, run
from corral.stores.redis.scripts import own

MOST_LOOKED_AT = 1000
AROUND = 1000
"""Members of a list to each side of where a page ended, among which its last jobs are looked for."""

_ANCHORS = 8
_MOST_LOST = 10
_LISTS = frozenset({"wait", "paused", "active"})
_FINISHED = frozenset({"completed", "failed"})

_Whole = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: in which of the keys, and there after which score and member, or by a list's own means."""

    search: int
    of: _Whole
    score: float | None = None
    member: str = ""
    head: _Whole = 0
    tail: _Whole = 0
    seen: Annotated[list[str], msgspec.Meta(max_length=_ANCHORS)] = []
    lost: _Whole = 0


class _Chunk(msgspec.Struct, frozen=True):
    """Ids in the order of the search, with the place after each; `rest` is whether there may be more."""

    ids: list[str]
    places: list[_Place]
    rest: bool


class RedisSearch:
    """Fulfils `store.search.SearchStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def page(self, queue: str, search: Search, cursor: str | None, limit: int) -> FoundJobs:
        keys = self._keys.of(queue)
        names = _names(search)
        mark = crc32(msgspec.json.encode(search))
        place = _Place(mark, 0) if cursor is None else decode_place(cursor, _Place)
        if place.search != mark or (cursor is not None and place.of >= len(names)):
            raise foreign_cursor()
        jobs: list[JobInState] = []
        left = MOST_LOOKED_AT
        while place.of < len(names) and len(jobs) < limit and left > 0:
            missing = limit - len(jobs)
            chunk = await self._chunk(keys, names[place.of], search, place, left if _is_picky(search) else missing)
            looked_at, found = await self._select(keys, names[place.of], search, chunk.ids, missing)
            jobs += found
            left -= looked_at
            if looked_at < len(chunk.ids) or (chunk.rest and chunk.ids):
                place = chunk.places[looked_at - 1]
            else:
                place = _Place(mark, place.of + 1)
        return FoundJobs(jobs, encode_place(place) if place.of < len(names) else None)

    async def _chunk(self, keys: QueueKeys, name: str, search: Search, place: _Place, count: int) -> _Chunk:
        if name in _LISTS:
            return await self._listed(keys[name], search, place, count)
        return await self._sorted(keys[name], search, place, count)

    async def _sorted(self, key: str, search: Search, place: _Place, count: int) -> _Chunk:
        first, end = search.finished
        bounds: tuple[Value, Value] = ("-inf" if first is None else first, "+inf" if end is None else f"({end}")
        after = ("", "") if place.score is None else (repr(place.score), place.member)
        args: tuple[Value, ...] = (_direction(search), count, *after, *bounds)
        flat = await run(self._connection, own("sorted"), (key,), *args, repeat=True)
        ids = [_text(member) for member in flat[::2]]
        scores = map(float, flat[1::2])
        places = [_Place(place.search, place.of, score, id) for id, score in zip(ids, scores, strict=True)]
        return _Chunk(ids, places, len(ids) == count)

    async def _listed(self, key: str, search: Search, place: _Place, count: int) -> _Chunk:
        args: tuple[Value, ...] = (_direction(search), count, AROUND, place.head, place.tail, *place.seen)
        was_found, length, start, members = await run(self._connection, own("listed"), (key,), *args, repeat=True)
        lost = place.lost + (not was_found)
        ids = [_text(member) for member in members]
        places = []
        seen = place.seen
        for passed, id in enumerate(ids):
            at = start - passed if search.asc else start + passed
            seen = [id, *seen[: _ANCHORS - 1]]
            places.append(_Place(place.search, place.of, None, "", at, length - 1 - at, seen, lost))
        return _Chunk(ids, places, len(ids) == count and lost <= _MOST_LOST)

    async def _select(
        self, keys: QueueKeys, name: str, search: Search, ids: list[str], limit: int
    ) -> tuple[int, list[JobInState]]:
        if not ids:
            return 0, []
        wanted = (search.name or "", search.id_prefix or "", *("" if at is None else at for at in search.added))
        reply = await run(self._connection, own("select"), (keys.base,), limit, *wanted, *ids, repeat=True)
        looked_at, found = reply
        state = "waiting" if name in ("wait", "paused") else name
        return looked_at, [_found(keys, state, entry) for entry in found]


def _names(search: Search) -> list[str]:
    """The keys to go through. Waiting jobs may also stand in the list that BullMQ 5 keeps for a paused queue."""
    states = list(dict.fromkeys(search.states))
    if search.finished != (None, None):
        states = [state for state in states if state in _FINISHED]
    return [name for state in states for name in (("wait", "paused") if state == "waiting" else (state,))]


def _is_picky(search: Search) -> bool:
    """Whether some of the jobs passed will not do."""
    return bool(search.name or search.id_prefix) or search.added != (None, None)


def _direction(search: Search) -> str:
    return "asc" if search.asc else "desc"


def _found(keys: QueueKeys, state: str, entry: Any) -> JobInState:
    job = stored_job(keys.qualified, _text(entry[0]), fields(entry[1]))
    return JobInState(state=state, **msgspec.structs.asdict(job))


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
