"""Bounded journals: rows in the order they came, the oldest of which make room, such as an audit log."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Row(msgspec.Struct, frozen=True):
    """`id` grows from row to row of a journal."""

    id: str
    content: bytes


class JournalStore(Protocol):
    """One round trip each."""

    async def append(self, journal: str, rows: Sequence[bytes], keep: int) -> None:
        """Add the rows in order; about the last `keep` of the journal stay."""
        ...

    async def page(self, journal: str, before: str | None, limit: int) -> list[Row]:
        """Up to `limit` rows older than the one with the id `before` (None: from the last one on), newest first."""
        ...

    async def forget(self, journals: Sequence[str]) -> None:
        """These are gone, with all of their rows."""
        ...
