"""Registered endpoints: a hash of records and a stream of changes, in bullmq-proxy's own format."""

from typing import Protocol


class RegistryStore(Protocol):
    """Records are bytes, so that instances compare what is stored, not what they decoded."""

    async def put(self, queue: str, record: bytes) -> None:
        """Store the record and tell every instance."""
        ...

    async def remove(self, queue: str) -> bool:
        """Delete the record and tell every instance; False when there was none."""
        ...

    async def announce(self, queue: str) -> None:
        """Tell every instance to look at the queue's worker again."""
        ...

    async def all(self) -> dict[str, bytes]:
        """Every record by queue."""
        ...

    async def cursor(self) -> str:
        """The id of the newest change."""
        ...

    async def changes(self, after: str, timeout: float) -> tuple[str, list[str]]:
        """Wait up to `timeout` seconds for changes; the new cursor and the queues that changed."""
        ...
