"""Small records that a surface keeps, such as its applications: bytes that their owner encodes, by kind and id."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class RecordStore(Protocol):
    """One round trip each. A kind is meant to be held in memory whole: thousands of records, not millions."""

    async def put(self, kind: str, record_id: str, record: bytes) -> None:
        """Store the record in place of what was there."""
        ...

    async def swap(self, kind: str, record_id: str, old: bytes | None, new: bytes | None) -> bool:
        """Put `new` in place of `old` in one step, None being no record; False when another is there by now."""
        ...

    async def get(self, kind: str, record_id: str) -> bytes | None: ...

    async def all(self, kind: str) -> tuple[int, Mapping[str, bytes]]:
        """Every record by its id, and the revision of the kind that they make up."""
        ...

    async def revisions(self, kinds: Sequence[str]) -> list[int]:
        """A number for each kind that grows with every change of it."""
        ...
