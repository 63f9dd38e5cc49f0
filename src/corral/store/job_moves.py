"""Moves of one job that somebody asks for, beside the data path."""

from typing import Protocol

from corral.model.job import ClaimedJob


class JobMoveStore(Protocol):
    """Each is atomic, takes two round trips, and raises `JobNotFound` for an id that is no job's."""

    async def take(self, queue: str, job_id: str, token: str, lock_ms: int, now: int) -> ClaimedJob:
        """Claim this very job, which waits or is delayed and due, under the lock token. One round trip.

        Raises `NotInState`, also where the queue is paused or its limits allow no more.
        """
        ...

    async def promote(self, queue: str, job_id: str) -> None:
        """Make a delayed job wait for a worker now. Raises `NotInState`."""
        ...

    async def retry(
        self, queue: str, job_id: str, state: str, *, reset_attempts_made: bool, reset_attempts_started: bool
    ) -> None:
        """Make a job in `state`, failed or completed, wait again; its outcome is gone. Raises `NotInState`.

        A child counts among the unfinished ones of its parent again.
        """
        ...

    async def remove(self, queue: str, job_id: str, with_children: bool) -> None:
        """Delete the job, its log and, if asked, all below it; the last child's parent goes on.

        Raises `JobLocked` while a worker holds it or, with children, one of its unfinished children;
        `BelongsToScheduler` for the next job of a scheduler.
        """
        ...

    async def change_delay(self, queue: str, job_id: str, delay: int, now: int) -> None:
        """Make a delayed job due `delay` ms from now. Raises `NotInState`."""
        ...

    async def change_priority(self, queue: str, job_id: str, priority: int, lifo: bool) -> None:
        """Put a waiting or prioritized job where its new priority belongs; others only remember it.

        With `lifo` it goes before those of the same priority. 0 is none, which goes before all others.
        """
        ...

    async def discard(self, queue: str, job_id: str) -> None:
        """Lower the job's `attempts` to the next one, so that no retry follows it. One more round trip.

        A worker that runs the job now read the old number when it began: after its failure one attempt follows.
        """
        ...
