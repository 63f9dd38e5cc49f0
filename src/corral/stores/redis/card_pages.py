"""One page of cards out of many queues, each of which gives a page of its own."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from corral.policy.metadata import conditions
from corral.policy.places import decode_place, encode_place
from corral.store.job_index import CardPage, CardQuery
from corral.stores.redis.card_codec import SLACK, Found, Place, asked, card_of, is_in_time
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import own

_AT_ONCE = 32  # queues
_LOOK, _LEAST_LOOK = 5_000, 400  # cards that one page looks at, and one queue's share


class Part(msgspec.Struct, frozen=True):
    """What one queue gives; `end` None: that was all. `gone` are jobs that are not there any more."""

    queue: str
    found: list[Found]
    end: Place | None
    gone: list[str]


class CardPages:
    """Asks the newest queues first, and no more of them than the page needs."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def page(
        self, query: CardQuery, queues: Sequence[tuple[str, float]], cursor: str | None, limit: int
    ) -> tuple[CardPage, list[Part]]:
        """`queues` with the turns of their last cards, the newest first; and what each that was asked gave."""
        conditions(query.filters)  # refused also where there is no queue to ask
        after = None if cursor is None else decode_place(cursor, Place)
        parts: list[Part] = []
        found: list[Found] = []
        left_out = False
        for first in range(0, len(queues), _AT_ONCE):
            some = queues[first : first + _AT_ONCE]
            if len(found) == limit and some[0][1] + SLACK < found[-1].place.turn:
                left_out = True
                break
            look = max(_LEAST_LOOK, _LOOK // len(some))
            given = await asyncio.gather(*(self._part(query, queue, after, limit, look) for queue, _ in some))
            parts += given
            everything = [*found, *(one for part in given for one in part.found)]
            found = sorted(everything, key=lambda one: one.place, reverse=True)[:limit]
            left_out = left_out or len(everything) > limit
        return _joined(query, parts, found, left_out), parts

    async def _part(self, query: CardQuery, queue: str, after: Place | None, limit: int, look: int) -> Part:
        keys = self._keys.of(queue)
        wanted = asked(query, queue, after, limit, look)
        reply = await run(self._connection, own("card_page"), (keys.meta,), keys.base, wanted, repeat=True)
        entries, ended, turn, job_id, gone = reply
        found = [_found(queue, entry) for entry in entries]
        end = None if ended else Place(int(turn), queue, job_id.decode())
        return Part(queue, found, end, [one.decode() for one in gone])


def _found(queue: str, entry: Sequence[Any]) -> Found:
    job_id, turn, state, value = entry
    return Found(Place(int(turn), queue, job_id.decode()), state.decode(), card_of(value))


def _joined(query: CardQuery, parts: Sequence[Part], found: list[Found], left_out: bool) -> CardPage:
    """What a queue has behind its part is not known, so the page ends where the newest part does."""
    end = max((part.end for part in parts if part.end is not None), default=None)
    shown = found if end is None else [one for one in found if one.place >= end]
    if shown and (left_out or len(shown) < len(found)) and (end is None or shown[-1].place > end):
        end = shown[-1].place
    cards = [one for one in shown if is_in_time(query, one.card)]
    return CardPage(
        [one.card for one in cards], [one.state for one in cards], None if end is None else encode_place(end)
    )
