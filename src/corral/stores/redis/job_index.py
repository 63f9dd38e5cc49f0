"""`JobIndexStore` on Redis: cards and sets beside each queue, and over all queues where a job is."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from corral.model.errors import StoreBusy
from corral.model.job_card import JobCard
from corral.policy.job_cards import merged
from corral.store.job_index import NOTES_KEPT, CardPage, CardQuery
from corral.stores.redis.card_codec import TURNS, card_of, stored
from corral.stores.redis.card_pages import CardPages
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import own

_TRIES = 50  # of a change that others come before
_EMPTY = 5  # pages without a card that are passed over
_IDLE = 3_600_000 * TURNS  # turns without a card after which an empty queue is left out


class RedisJobIndex:
    """Fulfils `store.job_index.JobIndexStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys
        self._pages = CardPages(connection, keys)
        self._jobs = f"{keys.prefix}:corral:card-jobs"
        self._queues = f"{keys.prefix}:corral:card-queues"
        self._sweep: list[str] = []
        self._swept = (b"", b"")

    async def put(self, cards: Sequence[JobCard]) -> None:
        storing = []
        for queue, some in _by_queue(cards).items():
            args = [part for card in some for part in (card.job_id, card.submitted_at, stored(card))]
            keys = self._keys.of(queue)
            storing.append(run(self._connection, own("card_put"), (keys.meta,), keys.base, "", *args, repeat=True))
            storing.append(self._seen(queue, some))
        await asyncio.gather(*storing)

    async def cards(self, jobs: Sequence[tuple[str, str]]) -> list[JobCard | None]:
        found = self._connection.send_many([("HGET", self._all(queue), job_id) for queue, job_id in jobs])
        return [None if (value := await one) is None else card_of(value) for one in found]

    async def find(self, job_ids: Sequence[str]) -> list[JobCard | None]:
        if not job_ids:
            return []
        queues = await self._connection.send("HMGET", self._jobs, *job_ids, repeat=True)
        known = [(queue.decode(), job_id) for queue, job_id in zip(queues, job_ids, strict=True) if queue is not None]
        cards = dict(zip(known, await self.cards(known), strict=True))
        return [
            None if queue is None else cards[queue.decode(), job_id]
            for queue, job_id in zip(queues, job_ids, strict=True)
        ]

    async def merge(
        self, queue: str, job_id: str, changes: Mapping[str, Any], note: bytes | None = None
    ) -> JobCard | None:
        keys = self._keys.of(queue)
        for _ in range(_TRIES):
            value = await self._connection.send("HGET", self._all(queue), job_id, repeat=True)
            if value is None:
                return None
            card = merged(card_of(value), changes)
            noted = () if note is None else (note, NOTES_KEPT)
            args = (keys.base, value, job_id, card.submitted_at, stored(card), *noted)
            if await run(self._connection, own("card_put"), (keys.meta,), *args):
                return card
        raise StoreBusy(f"The card of job {job_id} changes all the time")

    async def notes(self, queue: str, job_id: str) -> list[bytes]:
        found: list[bytes] = await self._connection.send(
            "LRANGE", f"{self._all(queue)}:notes:{job_id}", 0, -1, repeat=True
        )
        return found

    async def page(self, query: CardQuery, cursor: str | None, limit: int) -> CardPage:
        queues = await self._newest_first(query)
        for _ in range(_EMPTY):
            page, parts = await self._pages.page(query, queues, cursor, limit)
            for part in parts:
                await self._forget(part.queue, part.gone)
            cursor = page.cursor
            if page.cards or cursor is None:
                break
        return page

    async def remove(self, jobs: Sequence[tuple[str, str]]) -> None:
        by_queue = defaultdict(list)
        for queue, job_id in jobs:
            by_queue[queue].append(job_id)
        for queue, job_ids in by_queue.items():
            keys = self._keys.of(queue)
            await run(self._connection, own("card_drop"), (keys.meta,), keys.base, *job_ids, repeat=True)
            await self._forget(queue, job_ids)

    async def sweep(self, most: int) -> int:
        if not self._sweep:
            self._sweep = [name.decode() for name in await self._connection.send("ZRANGE", self._queues, 0, -1)]
        gone = 0
        while most > 0 and self._sweep:
            queue, beginning = self._sweep[-1], self._swept == (b"", b"")
            keys = self._keys.of(queue)
            reply = await run(self._connection, own("card_sweep"), (keys.meta,), keys.base, most, *self._swept)
            looked, turn, job_id, ids = reply
            await self._forget(queue, [one.decode() for one in ids])
            gone += len(ids)
            self._swept = (turn, job_id)
            if looked < most:
                await self._leave(queue, beginning and looked == 0)
            most -= max(looked, 1)
        return gone

    async def _leave(self, queue: str, empty: bool) -> None:
        """Go on to the next queue; one that has been empty for long is left out from now on."""
        self._sweep.pop()
        self._swept = (b"", b"")
        if empty and not await self._connection.send("EXISTS", f"{self._keys.of(queue).base}corral:cards"):
            seconds, _ = await self._connection.send("TIME")
            before = int(seconds) * 1000 * TURNS - _IDLE
            await run(self._connection, own("card_forget"), (self._queues,), queue, before)

    async def _seen(self, queue: str, cards: Sequence[JobCard]) -> None:
        """Where the jobs are, and that the queue has cards of these applications."""
        latest = max(card.submitted_at for card in cards) * TURNS
        names = [self._queues, *(self._of(name) for name in {card.application for card in cards})]
        commands: list[tuple[str | int, ...]] = [("HSETNX", self._jobs, card.job_id, queue) for card in cards]
        commands += [("ZADD", name, "GT", latest, queue) for name in names]
        await asyncio.gather(*self._connection.send_many(commands))

    async def _forget(self, queue: str, job_ids: Sequence[str]) -> None:
        if job_ids:
            await run(self._connection, own("card_point"), (self._jobs,), queue, *job_ids, repeat=True)

    async def _newest_first(self, query: CardQuery) -> list[tuple[str, float]]:
        if query.queues is not None:
            return [(queue, float("inf")) for queue in dict.fromkeys(query.queues)]
        name = self._queues if query.application is None else self._of(query.application)
        flat = await self._connection.send("ZREVRANGE", name, 0, -1, "WITHSCORES", repeat=True)
        pairs = iter(flat)
        return [(queue.decode(), float(turn)) for queue, turn in zip(pairs, pairs, strict=True)]

    def _of(self, application: str) -> str:
        return f"{self._queues}:{application}"

    def _all(self, queue: str) -> str:
        return f"{self._keys.of(queue).base}corral:cards"


def _by_queue(cards: Iterable[JobCard]) -> dict[str, list[JobCard]]:
    found: dict[str, list[JobCard]] = defaultdict(list)
    for card in cards:
        found[card.queue].append(card)
    return found
