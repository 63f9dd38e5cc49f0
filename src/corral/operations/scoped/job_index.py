"""The index of job cards as one application sees it: its own cards, by its own names."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from corral.model.job_card import JobCard
from corral.operations.scoped.scope import Scope
from corral.store.job_index import CardPage, CardQuery
from corral.store.store import Store

_replace = msgspec.structs.replace


class ScopedJobIndex:
    """Nothing but the fact that there is a card is told of another application's."""

    def __init__(self, store: Store, scope: Scope) -> None:
        self._index = store.job_index
        self._scope = scope

    async def put(self, cards: Sequence[JobCard]) -> None:
        """The cards are the application's, whatever they say."""
        scope = self._scope
        await self._index.put(
            [_replace(card, queue=await scope.claim(card.queue), application=scope.application) for card in cards]
        )

    async def cards(self, jobs: Sequence[tuple[str, str]]) -> list[JobCard | None]:
        found = await self._index.cards([(await self._scope.find(queue), job_id) for queue, job_id in jobs])
        return [card if card is None else self._shown(card) for card in found]

    async def find(self, job_ids: Sequence[str]) -> list[JobCard | None]:
        """A card of somebody else has nothing on it."""
        found = await self._index.find(job_ids)
        await self._scope.know({card.queue for card in found if card is not None and self._is_own(card)})
        return [card if card is None else self._own_or_blank(card) for card in found]

    async def merge(
        self, queue: str, job_id: str, changes: Mapping[str, Any], note: bytes | None = None
    ) -> JobCard | None:
        card = await self._index.merge(await self._scope.find(queue), job_id, changes, note)
        return None if card is None else self._shown(card)

    async def notes(self, queue: str, job_id: str) -> list[bytes]:
        return await self._index.notes(await self._scope.find(queue), job_id)

    async def page(self, query: CardQuery, cursor: str | None, limit: int) -> CardPage:
        scope = self._scope
        queues = query.queues
        if queues is None and not scope.reaches_all:
            queues = tuple(scope.names())
        if queues is not None:
            queues = tuple([await scope.find(queue) for queue in queues])
        if queues == ():
            return CardPage([], [])
        own = _replace(query, application=scope.application, queues=queues)
        found = await self._index.page(own, cursor, limit)
        await scope.know({card.queue for card in found.cards})
        return _replace(found, cards=[self._shown(card) for card in found.cards])

    async def remove(self, jobs: Sequence[tuple[str, str]]) -> None:
        await self._index.remove([(await self._scope.find(queue), job_id) for queue, job_id in jobs])

    def _is_own(self, card: JobCard) -> bool:
        return card.application == self._scope.application

    def _own_or_blank(self, card: JobCard) -> JobCard:
        return self._shown(card) if self._is_own(card) else JobCard("", card.job_id, "", 0)

    def _shown(self, card: JobCard) -> JobCard:
        return _replace(card, queue=self._scope.name(card.queue))
