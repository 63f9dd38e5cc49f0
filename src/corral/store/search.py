"""Listing and searching jobs, page by page."""

from typing import Protocol

import msgspec

from corral.model.job import Job


class Search(msgspec.Struct, frozen=True):
    """Which jobs, in which order. Ranges are ms since the epoch, the first included, the second not.

    `asc` goes from what runs, ran or is due first to the last; otherwise the other way round. States come one
    after the other. With `finished` only completed and failed jobs are looked at.
    """

    states: tuple[str, ...]
    name: str | None = None
    id_prefix: str | None = None
    added: tuple[int | None, int | None] = (None, None)
    finished: tuple[int | None, int | None] = (None, None)
    asc: bool = False


class JobInState(Job, frozen=True, kw_only=True, rename="camel", gc=False):
    """A job with the state that it was found in."""

    state: str


class FoundJobs(msgspec.Struct, frozen=True):
    """A page; `cursor` is where the next one begins, None: this was the last."""

    jobs: list[JobInState]
    cursor: str | None = None


class SearchStore(Protocol):
    """The cost of a page does not grow with the queue: it looks at a bounded number of jobs."""

    async def page(self, queue: str, search: Search, cursor: str | None, limit: int) -> FoundJobs:
        """Up to `limit` jobs; fewer, or none, when the page's share of looking was spent before. Round trips: two
        for each state visited.

        A job that stays in its state from the first page to the last comes exactly once, however others move.
        In `waiting` and `active` it comes at least once: those are plain lists, in which a place is found again
        by the last jobs seen; when all of these have left, or more than about a thousand jobs have passed by
        them, a few pages may come again. Jobs that change their state meanwhile may come twice or not at all.

        Raises `InvalidInput` for a cursor that was not given out for this very search.
        """
        ...
