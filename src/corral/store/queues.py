"""Queues: questions about, and switches of, a whole queue."""

from collections.abc import Sequence
from typing import Protocol


class QueueStore(Protocol):
    """One round trip each."""

    async def counts(self, queue: str, states: Sequence[str]) -> dict[str, int]:
        """Jobs per state, in the order asked for."""
        ...

    async def delayed_before(self, queue: str, moment: int) -> int:
        """How many delayed jobs are due before `moment` (ms)."""
        ...

    async def counts_per_priority(self, queue: str, priorities: Sequence[int]) -> list[int]:
        """Waiting jobs of each priority; 0 are those without one."""
        ...

    async def pause(self, queue: str) -> None:
        """No job is claimed until `resume`; running ones go on."""
        ...

    async def resume(self, queue: str) -> None: ...

    async def is_paused(self, queue: str) -> bool: ...

    async def version(self, queue: str) -> str | None:
        """What the last BullMQ program that opened the queue wrote of itself, such as `bullmq:5.77.7`."""
        ...

    async def all_workers(self) -> list[dict[str, str]]:
        """The same for all queues of this prefix; `name` is the queue."""
        ...

    async def workers(self, queue: str) -> list[dict[str, str]]:
        """The connections that call themselves workers of this queue, as BullMQ's `getWorkers` gives them."""
        ...

    async def event_readers(self, queue: str) -> list[dict[str, str]]:
        """The same for the connections by which BullMQ's `QueueEvents` follow this queue."""
        ...
