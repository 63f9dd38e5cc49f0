"""The children of a job in a flow, by what became of them. A child is named `prefix:queue:id`."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

ChildKind = Literal["processed", "unprocessed", "ignored", "failed"]
"""Completed; not finished; failed, which the parent ignores; failed."""

CHILD_KINDS: tuple[ChildKind, ...] = ("processed", "unprocessed", "ignored", "failed")


class ChildPage(msgspec.Struct, frozen=True):
    """`processed` holds return values (JSON), `ignored` the reasons of failures. `cursor` None: this was the last."""

    processed: dict[str, msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    unprocessed: list[str] | msgspec.UnsetType = msgspec.UNSET
    ignored: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    failed: list[str] | msgspec.UnsetType = msgspec.UNSET
    cursor: str | None = None


class ChildStore(Protocol):
    """One round trip each. All raise `JobNotFound`."""

    async def values(self, queue: str, job_id: str) -> dict[str, msgspec.Raw]:
        """What the completed children returned (JSON)."""
        ...

    async def ignored_failures(self, queue: str, job_id: str) -> dict[str, str]:
        """The reasons of failures that the parent ignores."""
        ...

    async def counts(self, queue: str, job_id: str, kinds: Sequence[ChildKind]) -> dict[str, int]: ...

    async def page(
        self, queue: str, job_id: str, kinds: Sequence[ChildKind], cursor: str | None, limit: int
    ) -> ChildPage:
        """About `limit` children of each kind, in no order; small sets come whole.

        A child that stays of its kind until the last page comes at least once. Raises `InvalidInput` for a cursor
        that is not one of its own.
        """
        ...
