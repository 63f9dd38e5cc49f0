"""Who is there: each corral process tells the others what its workers do, and which workers are to pause."""

from collections.abc import Mapping
from typing import Protocol


class PresenceStore(Protocol):
    """One round trip each."""

    async def announce(self, process: str, record: bytes, now: int) -> None:
        """Replace what this process last said; it counts for 15 seconds."""
        ...

    async def withdraw(self, process: str) -> None: ...

    async def present(self, now: int) -> Mapping[str, bytes]:
        """What each process that is there said last."""
        ...

    async def set_paused(self, queue: str, paused: bool) -> None:
        """Whether the registered endpoint of the queue is to claim jobs. Kept over restarts."""
        ...

    async def paused(self) -> frozenset[str]:
        """The queues whose registered endpoint is to pause."""
        ...
