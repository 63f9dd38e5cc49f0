"""Groups of jobs: at most `limit` jobs of a group are ready or running at once, the others stand in line.

A job joins the group that its option `group` names as it is added. Its place is given to the next in line by whatever
ends its run here; what programs in other languages end is found by `sweep`.
"""

from collections.abc import Sequence
from typing import Protocol

from corral.model.group import Group, Swept


class GroupStore(Protocol):
    """One round trip each."""

    async def sweep(self, queue: str, now: int, job_ids: Sequence[str] | None = None) -> Swept:
        """Give back the places of jobs that have ended or are gone, and let go on what is due.

        Bounded: looks at a few thousand jobs, the next call at the next ones; with `job_ids`, at those alone. Any
        number of processes may.
        """
        ...

    async def forget(self, queue: str, job_ids: Sequence[str]) -> list[str]:
        """Count jobs no more that have been deleted; returns the groups that have no job left.

        Jobs that still exist, and those of no group, are passed over.
        """
        ...

    async def count(self, queue: str) -> int:
        """How many groups have a job that is not deleted."""
        ...

    async def get(self, queue: str, group_id: str) -> Group | None: ...

    async def page(self, queue: str, cursor: str | None, limit: int) -> tuple[list[Group], str | None]:
        """About `limit` groups, in no order, and where the next page begins, None after the last.

        A group that exists all the while comes at least once. Raises `InvalidInput` for a cursor not its own.
        """
        ...
