"""`SearchStore` on Postgres: the next jobs after the place where the last page ended, along BullMQ's indexes."""

from binascii import crc32
from typing import Annotated

import msgspec

from corral.policy.places import decode_place, encode_place, foreign_cursor
from corral.store.search import FoundJobs, JobInState, Search
from corral.stores.postgres.codec import stored_job
from corral.stores.postgres.database import Database, Row
from corral.stores.postgres.names import Names

MOST_LOOKED_AT = 1000
_FINISHED = frozenset({"completed", "failed"})

_Place64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: in which of the states, and there after which job; `bound` as the statement wants it."""

    search: int
    of: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    major: _Place64 | None = None
    place: _Place64 | None = None
    bound: _Place64 | None = None


class PostgresSearch:
    """Fulfils `store.search.SearchStore`, in one round trip for each state visited; every job comes exactly once.

    Many that are due or ended in the very same millisecond cost more, as BullMQ's indexes do not tell them apart.
    """

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def page(self, queue: str, search: Search, cursor: str | None, limit: int) -> FoundJobs:
        states = _states(search)
        mark = crc32(msgspec.json.encode(search))
        place = _Place(mark, 0) if cursor is None else decode_place(cursor, _Place)
        if place.search != mark or (cursor is not None and place.of >= len(states)):
            raise foreign_cursor()
        jobs: list[JobInState] = []
        left = MOST_LOOKED_AT
        while place.of < len(states) and len(jobs) < limit and left > 0:
            missing = limit - len(jobs)
            count = left if _is_picky(search) else missing
            rows = await self._look(queue, search, place, count, missing)
            found = [row for row in rows if row["fits"]]
            jobs += [self._found(queue, states[place.of], row) for row in found]
            last = found[-1] if len(found) == missing else rows[-1] if rows else None
            left -= last["n"] if last else 0
            if last is not None and (last["n"] < last["total"] or last["total"] == count):
                place = _Place(mark, place.of, last["major"], last["place"], last["bound"])
            else:
                place = _Place(mark, place.of + 1)
        return FoundJobs(jobs, encode_place(place) if place.of < len(states) else None)

    async def _look(self, queue: str, search: Search, place: _Place, count: int, limit: int) -> list[Row]:
        state = _states(search)[place.of]
        after = (place.major, place.place, place.bound)
        wanted = (*search.finished, search.name or None, search.id_prefix or None, *search.added)
        return await self._database.rows("look", queue, state, search.asc, count, limit, *after, *wanted, repeat=True)

    def _found(self, queue: str, state: str, row: Row) -> JobInState:
        job = stored_job(self._names, queue, row)
        return JobInState(state=state, **msgspec.structs.asdict(job))


def _states(search: Search) -> list[str]:
    states = list(dict.fromkeys(search.states))
    return states if search.finished == (None, None) else [state for state in states if state in _FINISHED]


def _is_picky(search: Search) -> bool:
    """Whether some of the jobs passed will not do."""
    return bool(search.name or search.id_prefix) or search.added != (None, None)
