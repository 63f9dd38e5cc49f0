"""The index of job cards: what is known of jobs beside their queues, searchable."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from corral.model.job_card import Filter, JobCard

NOTES_KEPT = 100


class CardQuery(msgspec.Struct, frozen=True):
    """Which cards; None is any. `states` are those of the jobs (`JobState`). `submitted` is a range of times, the first
    included, the second not."""

    application: str | None = None
    queues: tuple[str, ...] | None = None
    states: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    submitted: tuple[int | None, int | None] = (None, None)


class CardPage(msgspec.Struct, frozen=True):
    """Cards, newest first, with the states of their jobs. `cursor` None: this was the last page."""

    cards: list[JobCard]
    states: list[str]
    cursor: str | None = None


class JobIndexStore(Protocol):
    """One round trip each, if not said otherwise.

    A card may be put before its job is added. Of a job that is gone no page shows the card, and `sweep` takes it away.
    """

    async def put(self, cards: Sequence[JobCard]) -> None:
        """Store the cards in place of those that were there."""
        ...

    async def cards(self, jobs: Sequence[tuple[str, str]]) -> list[JobCard | None]:
        """The cards of the jobs `(queue, id)`, None for each without one."""
        ...

    async def find(self, job_ids: Sequence[str]) -> list[JobCard | None]:
        """The same by ids alone, for jobs whose ids are unique over all queues; else the card that was put first.
        Two round trips."""
        ...

    async def merge(
        self, queue: str, job_id: str, changes: Mapping[str, Any], note: bytes | None = None
    ) -> JobCard | None:
        """Put the fields in place of the card's; `metadata` and `webhooks` are merged member by member. A note goes
        to the others of the card, of which the last `NOTES_KEPT` stay.

        The card as it is now, None where there is none. Two round trips, more when others change it at the same time.
        """
        ...

    async def notes(self, queue: str, job_id: str) -> list[bytes]:
        """The notes of a card, oldest first; they go with it."""
        ...

    async def page(self, query: CardQuery, cursor: str | None, limit: int) -> CardPage:
        """Up to `limit` cards, newest first; fewer, or none, when the page's share of looking was spent before.

        The cost does not grow with the number of jobs, but with that of queues, if none are named. Raises
        `InvalidInput` for a cursor that was not given out for this.
        """
        ...

    async def remove(self, jobs: Sequence[tuple[str, str]]) -> None: ...

    async def sweep(self, most: int) -> int:
        """Look at about `most` cards, from where the last sweep of this process ended, and take away those whose jobs
        are gone, if they are older than a minute; how many went."""
        ...
