"""Answers that are kept, so that a request that comes again gets the first one's."""

from typing import Protocol


class IdempotencyStore(Protocol):
    """One record per request, by a name that stands for the request. One round trip each, `begin` two when it is not
    the first."""

    async def begin(self, name: str, record: bytes, hold_ms: int) -> bytes | None:
        """None: there was none, so this record is kept for `hold_ms` now. Else the record that is there."""
        ...

    async def get(self, name: str) -> bytes | None:
        """The record that is there."""
        ...

    async def keep(self, name: str, record: bytes, keep_ms: int) -> None:
        """Put the record in place of the one that was begun."""
        ...

    async def forget(self, name: str) -> None:
        """The next one who begins is the first again."""
        ...
