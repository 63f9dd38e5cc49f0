"""What else can be asked and told about single jobs."""

from collections.abc import Sequence
from typing import Protocol

from corral.model.job import Job
from corral.model.result import JobResult


class JobDetailStore(Protocol):
    """Questions take one round trip, changes two."""

    async def many(self, queue: str, job_ids: Sequence[str]) -> list[Job | None]:
        """The jobs in the order of the ids, None for each that is not there."""
        ...

    async def state(self, queue: str, job_id: str) -> str:
        """A `JobState`, or `unknown` for a job that is in none. Raises `JobNotFound`."""
        ...

    async def result(self, queue: str, job_id: str) -> JobResult | None:
        """How the job ended, or None when it has not yet. Raises `JobNotFound`."""
        ...

    async def exists(self, queue: str, job_id: str) -> bool: ...

    async def set_data(self, queue: str, job_id: str, data: bytes) -> None:
        """Replace the payload (JSON); a worker that runs the job keeps the old one. Raises `JobNotFound`."""
        ...

    async def swap_data(self, queue: str, job_id: str, old: bytes, new: bytes) -> bool:
        """Replace the payload if it still is the old one, in one step; False when it is another or the job is gone."""
        ...

    async def clear_logs(self, queue: str, job_id: str, keep: int) -> None:
        """Forget all log rows but the last `keep`. Raises `JobNotFound`."""
        ...
