"""Whether an id is a job's: ids come from outside, and some would name other keys of the queue."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from corral.model.errors import JobNotFound, StoreError
from corral.stores.redis.connection import Connection


async def check_job(connection: Connection, key: str, job_id: str) -> None:
    """Every job has a time of its own, and no other key has one. Raises `JobNotFound`."""
    if not await is_job(connection, key):
        raise JobNotFound(f"Job {job_id} not found")


async def is_job(connection: Connection, key: str) -> bool:
    try:
        return bool(await connection.send("HEXISTS", key, "timestamp", repeat=True))
    except StoreError:  # WRONGTYPE: a list or a set of the queue
        return False


async def of_job(connection: Connection, key: str, job_id: str, *asked: Awaitable[Any]) -> list[Any]:
    """The answers to questions about the job that are on their way. Raises `JobNotFound`."""
    there, *answers = await asyncio.gather(check_job(connection, key, job_id), *asked, return_exceptions=True)
    for answer in (there, *answers):
        if isinstance(answer, BaseException):
            raise answer
    return answers
