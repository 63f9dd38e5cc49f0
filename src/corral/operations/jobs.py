"""Operations on jobs."""

from collections.abc import Sequence
from typing import Any

import msgspec

from corral.lifecycle.add import add
from corral.model.errors import InvalidInput, JobNotFound
from corral.model.job import Job, NewJob
from corral.operations.services import Services
from corral.policy.paging import ALL_STATES, Page, counted_states

Rows = tuple[int, int] | None


_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class JobPage(msgspec.Struct, frozen=True):
    """A page of jobs with the counts of the states asked for."""

    counts: dict[str, int]
    jobs: list[Job]
    start: int
    length: int


class LogPage(msgspec.Struct, frozen=True):
    """A page of a job's log; `count` is the total."""

    logs: list[str]
    count: int


async def add_jobs(services: Services, queue: str, jobs: Sequence[NewJob]) -> list[Job]:
    """Add all of the jobs or none."""
    return await add(services.store, queue, jobs, services.clock())


async def get_job(services: Services, queue: str, job_id: str) -> Job:
    """Raises `JobNotFound`."""
    job = await services.store.jobs.get(queue, job_id)
    if job is None:
        raise JobNotFound("Job not found")
    return job


async def list_jobs(services: Services, queue: str, states: Sequence[str], page: Page) -> JobPage:
    """The range applies to each state by itself, newest first; `paused` comes with `waiting`, as in BullMQ."""
    counts = await job_counts(services, queue, states)
    jobs: list[Job] = []
    if page.length:
        wanted = counted_states(list(states))
        jobs = await services.store.jobs.in_states(queue, wanted, page.start, page.end, False)
    return JobPage(counts=counts, jobs=jobs, start=page.start, length=page.length)


async def job_counts(services: Services, queue: str, states: Sequence[str]) -> dict[str, int]:
    """Jobs per state. While the queue is paused its waiting jobs count as `paused`, as BullMQ 5 has it."""
    wanted = counted_states(list(dict.fromkeys(states)) or list(ALL_STATES))
    counts = await services.store.queues.counts(queue, wanted)
    if counts.get("waiting") and await services.store.queues.is_paused(queue):
        counts["paused"] += counts["waiting"]
        counts["waiting"] = 0
    return counts


async def set_progress(services: Services, queue: str, job_id: str, progress: bytes) -> None:
    """Store the progress, any JSON. Raises `InvalidInput`, `JobNotFound`."""
    check_json(progress)
    await services.store.jobs.set_progress(queue, job_id, progress.strip())


async def add_log(services: Services, queue: str, job_id: str, row: Any, keep: int | None = None) -> int:
    """Append a row: text as it is, `{"log": row}` unpacked, anything else as JSON. Raises `JobNotFound`."""
    return await services.store.jobs.add_log(queue, job_id, _log_text(row), keep)


async def get_logs(services: Services, queue: str, job_id: str, rows: Rows, asc: bool = True) -> LogPage:
    """Rows `start..end`, inclusive, -1 being the last, or none but the total; an unknown job has none."""
    start, end = rows or (0, 0)
    found, count = await services.store.jobs.logs(queue, job_id, start, end, asc)
    return LogPage(logs=found if rows else [], count=count)


def check_json(body: bytes) -> Any:
    """The decoded body. Raises `InvalidInput` for anything that is not JSON in UTF-8."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"Body must be valid JSON: {error}") from error


def _log_text(row: Any) -> str:
    if isinstance(row, dict) and "log" in row:
        row = row["log"]
    if row is None:
        return ""
    return row if isinstance(row, str) else _encode(row).decode()
