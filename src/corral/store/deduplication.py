"""Deduplication ids: each names the job that keeps others with the same id out."""

from typing import Protocol


class DeduplicationStore(Protocol):
    """One round trip each, `release` two."""

    async def holder(self, queue: str, deduplication_id: str) -> str | None:
        """The id of the job that holds the deduplication id."""
        ...

    async def clear(self, queue: str, deduplication_id: str) -> bool:
        """Let the next job with the deduplication id in; False when nobody held it."""
        ...

    async def release(self, queue: str, job_id: str) -> bool:
        """The same for what the job itself holds; False when it holds nothing. Raises `JobNotFound`."""
        ...
