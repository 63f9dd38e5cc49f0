"""`JobIndexStore` on Postgres: a table of cards, with an index over the terms of their metadata."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from corral.model.errors import StoreBusy
from corral.model.job_card import JobCard
from corral.policy.job_cards import merged
from corral.policy.places import decode_place, encode_place
from corral.store.job_index import NOTES_KEPT, CardPage, CardQuery
from corral.stores.postgres.card_codec import asked, card_of, columns, content
from corral.stores.postgres.database import Database

_TRIES = 50  # of a change that others come before
_LOOK = 10_000  # cards that one page looks at where an index does not help
_AGE_MS = 60_000  # of a card whose job may be taken for gone
_BEGINNING = ("", "")


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended."""

    submitted: int
    turn: int


class PostgresJobIndex:
    """Fulfils `store.job_index.JobIndexStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._swept = _BEGINNING

    async def put(self, cards: Sequence[JobCard]) -> None:
        if cards:
            last = list({(card.queue, card.job_id): card for card in cards}.values())
            await self._database.value("put_cards", *columns(last), None, repeat=True)

    async def cards(self, jobs: Sequence[tuple[str, str]]) -> list[JobCard | None]:
        if not jobs:
            return []
        queues, job_ids = [queue for queue, _ in jobs], [job_id for _, job_id in jobs]
        rows = await self._database.rows("get_cards", queues, job_ids, repeat=True)
        found = {(row["queue"], row["job_id"]): card_of(row["content"]) for row in rows}
        return [found.get((queue, job_id)) for queue, job_id in jobs]

    async def find(self, job_ids: Sequence[str]) -> list[JobCard | None]:
        rows = await self._database.rows("find_cards", list(job_ids), repeat=True) if job_ids else []
        found = {row["job_id"]: card_of(row["content"]) for row in rows}
        return [found.get(job_id) for job_id in job_ids]

    async def merge(
        self, queue: str, job_id: str, changes: Mapping[str, Any], note: bytes | None = None
    ) -> JobCard | None:
        for _ in range(_TRIES):
            [old] = await self.cards([(queue, job_id)])
            if old is None:
                return None
            card = merged(old, changes)
            if await self._database.value("swap_card", *columns([card]), content(old), note, NOTES_KEPT):
                return card
        raise StoreBusy(f"The card of job {job_id} changes all the time")

    async def notes(self, queue: str, job_id: str) -> list[bytes]:
        return [row["content"] for row in await self._database.rows("card_notes", queue, job_id, repeat=True)]

    async def page(self, query: CardQuery, cursor: str | None, limit: int) -> CardPage:
        place = None if cursor is None else decode_place(cursor, _Place)
        after = (None, None) if place is None else (place.submitted, place.turn)
        states = None if query.states is None else list(query.states)
        wanted = (asked(query), states, *after, limit, _LOOK)
        rows = await self._database.rows("page_cards", *wanted, repeat=True)
        found = [row for row in rows if row["content"] is not None]
        looked = next((row for row in rows if row["content"] is None), None)
        end = found[-1] if len(found) == limit else looked
        return CardPage(
            [card_of(row["content"]) for row in found],
            [row["state"] for row in found],
            None if end is None else encode_place(_Place(end["submitted_at_ms"], end["turn"])),
        )

    async def remove(self, jobs: Sequence[tuple[str, str]]) -> None:
        queues, job_ids = [queue for queue, _ in jobs], [job_id for _, job_id in jobs]
        await self._database.value("drop_cards", queues, job_ids, repeat=True)

    async def sweep(self, most: int) -> int:
        before = int(time.time() * 1000) - _AGE_MS
        row = await self._database.row("sweep_cards", *self._swept, most, before)
        if row is None or row["looked"] < most:
            self._swept = _BEGINNING
        else:
            self._swept = (row["queue"], row["job_id"])
        return 0 if row is None else int(row["gone"])
