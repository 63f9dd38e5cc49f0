"""Which queues there are, and what each holds."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from corral.model.queue import QueueInfo


class NameQuery(msgspec.Struct, frozen=True):
    """Names in order, from behind `after` on; `pattern` is of `policy.name_pattern`."""

    limit: int
    after: str = ""
    pattern: str = "*"


class DirectoryStore(Protocol):
    """A queue exists while it holds a job, a setting or a note of the program that made it."""

    def saw(self, queue: str) -> None:
        """Something was stored in the queue. Costs nothing when that is known, and never waits."""
        ...

    async def names(self, query: NameQuery, now: int) -> tuple[list[str], str | None]:
        """Up to `limit` names, and where to go on unless that was all.

        Queues that other programs made are found within a minute; names of queues that are gone may be among
        them. The cost depends on the number of queues, not of jobs, but for one look a minute.
        """
        ...

    async def describe(self, queues: Sequence[str], now: int) -> list[QueueInfo | None]:
        """Each queue, or None where there is none. One round trip for all."""
        ...

    async def forget(self, queues: Sequence[str]) -> None:
        """These are gone."""
        ...
