"""Cancelling a job from anywhere: a note in the engine, which the worker that runs the job looks for."""

from collections.abc import Iterable

import msgspec

from corral.model.errors import JobLocked, JobNotFound
from corral.store.store import Store

KIND = "cancelled"
_ENDED = ("completed", "failed")
_KEPT_MS = 3_600_000  # a note that no worker has taken away by then is of a worker that died


class Note(msgspec.Struct, frozen=True):
    """That a job is to end, and since when (ms)."""

    queue: str
    job_id: str
    at: int


async def cancel(store: Store, queue: str, job_id: str, now: int) -> bool:
    """Remove a job that waits, leave a note for one that runs; False when it has ended."""
    state = await store.job_details.state(queue, job_id)
    if state in _ENDED:
        return False
    if state != "active":
        try:
            await store.job_moves.remove(queue, job_id, False)
            return True
        except JobLocked:
            pass  # a worker has just taken it
    await store.records.put(KIND, f"{queue}\n{job_id}", msgspec.json.encode(Note(queue, job_id, now)))
    return True


class Notes:
    """The notes as one worker knows them; looking costs one small round trip while there are none new."""

    def __init__(self, store: Store) -> None:
        self._records = store.records
        self._revision = -1
        self._known: list[Note] = []

    async def look(self) -> list[Note]:
        """Every note, again and again: the job of one may be on its way to this worker, and begin here later."""
        (revision,) = await self._records.revisions([KIND])
        if revision != self._revision:
            self._revision, found = await self._records.all(KIND)
            self._known = [msgspec.json.decode(record, type=Note) for record in found.values()]
        return self._known

    async def forget(self, notes: Iterable[tuple[str, str]]) -> None:
        """These jobs have ended."""
        for queue, job_id in notes:
            old = await self._records.get(KIND, f"{queue}\n{job_id}")
            if old is not None:
                await self._records.swap(KIND, f"{queue}\n{job_id}", old, None)


async def sweep(store: Store, now: int) -> None:
    """Drop the notes of jobs that have ended before anybody looked, and those that nobody took away."""
    _, found = await store.records.all(KIND)
    for record_id, record in found.items():
        note = msgspec.json.decode(record, type=Note)
        if note.at < now - _KEPT_MS or await _has_ended(store, note):
            await store.records.swap(KIND, record_id, record, None)


async def _has_ended(store: Store, note: Note) -> bool:
    try:
        return await store.job_details.state(note.queue, note.job_id) in _ENDED
    except JobNotFound:
        return True
