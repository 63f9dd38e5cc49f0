"""Moves of a whole queue, a batch of jobs at a time, so that no single call holds the engine for long."""

from typing import Protocol


class QueueMoveStore(Protocol):
    """One round trip each. What asks for more batches is in `lifecycle.queue_moves`."""

    async def drain(self, queue: str, delayed: bool) -> None:
        """Remove every job that waits, also by priority, and with `delayed` every delayed one; all in one go.

        The next jobs of job schedulers stay.
        """
        ...

    async def clean(self, queue: str, state: str, before: int, most: int) -> list[str]:
        """Remove up to `most` jobs of the state that ended, began or were added at `before` (ms) or earlier.

        Only the `most` oldest entries of the state are looked at. Returns the ids.
        """
        ...

    async def obliterate(self, queue: str, force: bool, most: int) -> bool:
        """Remove up to `most` jobs of any state, and with the last of them the queue; whether any are left.

        Raises `QueueNotPaused`, and `QueueActive` unless `force`.
        """
        ...

    async def move_to_waiting(self, queue: str, state: str, until: int | None, most: int) -> bool:
        """Move up to `most` jobs that ended at `until` (ms; None: at any time) or earlier from `completed`,
        `failed` or `delayed` to waiting; whether there may be more."""
        ...

    async def remove_orphans(self, queue: str, cursor: str | None, most: int) -> tuple[int, str | None]:
        """Look at about `most` keys of the engine, from `cursor` on, and remove what is left of jobs of the queue
        that are in no state.

        Returns how many such jobs there were and where the next step goes on, None after the last. An engine in
        which no job can be in no state has none.
        """
        ...

    async def remove_priority_key(self, queue: str) -> bool:
        """Drop the index of priorities that BullMQ kept before it had prioritized jobs; whether there was one."""
        ...

    async def trim_events(self, queue: str, length: int) -> int:
        """Drop old events until about `length` are left; how many went."""
        ...
