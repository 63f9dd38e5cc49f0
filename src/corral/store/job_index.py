"""What is known of a job beside the queue: whose it is, its metadata, and who wants to hear of it; searchable."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

Comparison = Literal["eq", "in", "gte", "gt", "lte", "lt", "prefix"]


class JobCard(msgspec.Struct, frozen=True):
    """The card of one job. `queue` is the engine's name; `webhooks` are URLs by status; times are ms since the epoch.

    Of the metadata every member whose value is a string, a number or a boolean can be searched for.
    """

    queue: str
    job_id: str
    application: str
    submitted_at: int
    metadata: dict[str, Any] = {}
    webhooks: dict[str, str] = {}
    started_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None


class Filter(msgspec.Struct, frozen=True):
    """A condition on one member of the metadata. Scalars compare by their text, as `3` and `"3"`; ranges by number
    where both are numbers."""

    member: str
    value: Any
    comparison: Comparison = "eq"


class CardQuery(msgspec.Struct, frozen=True):
    """Which cards; None is any. `submitted` is a range of times, the first included, the second not."""

    application: str | None = None
    queues: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    submitted: tuple[int | None, int | None] = (None, None)


class CardPage(msgspec.Struct, frozen=True):
    """Cards, newest first. `cursor` None: this was the last page."""

    cards: list[JobCard]
    cursor: str | None = None


class JobIndexStore(Protocol):
    """One round trip each, if not said otherwise. A card goes when its job does, at the latest within a minute."""

    async def put(self, cards: Sequence[JobCard]) -> None:
        """Store the cards in place of those that were there."""
        ...

    async def cards(self, jobs: Sequence[tuple[str, str]]) -> list[JobCard | None]:
        """The cards of the jobs `(queue, id)`, None for each without one."""
        ...

    async def find(self, job_ids: Sequence[str]) -> list[JobCard | None]:
        """The same by ids alone, for jobs whose ids are unique over all queues."""
        ...

    async def merge(self, queue: str, job_id: str, changes: Mapping[str, Any]) -> JobCard | None:
        """Put the fields in place of the card's; `metadata` and `webhooks` are merged member by member."""
        ...

    async def page(self, query: CardQuery, cursor: str | None, limit: int) -> CardPage:
        """Up to `limit` cards, newest first; the cost does not grow with the number of jobs."""
        ...

    async def remove(self, jobs: Sequence[tuple[str, str]]) -> None: ...
