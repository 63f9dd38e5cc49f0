"""Jobs are added in a transaction of the caller's: with it they come, and without it they never were."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg.rows import dict_row

from corral.model.errors import JobNotFound
from corral.model.job import NewJob
from corral.stores.postgres.store import PostgresStore

NOW = 1_795_000_000_000
QUEUE = "outside"
JOBS = [
    NewJob("plain", b'{"n":"\xc3\xa4"}', {"attempts": 0}),
    NewJob("later", b"[]", {"attempts": 3, "delay": 10**9, "jobId": "mine"}),
    NewJob("once", b"1", {"attempts": 0, "deduplication": {"id": "d"}}),
    NewJob("often", b"2", {"attempts": 0, "repeat": {"every": 10**9}}),
]
Connect = Callable[[str], AbstractAsyncContextManager[Any]]


class Undone(Exception):
    """Makes a transaction roll back."""


@asynccontextmanager
async def through_asyncpg(url: str) -> AsyncIterator[Any]:
    """With codecs of the caller's own, which must not get into the way."""
    connection = await asyncpg.connect(url)
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    yield connection
    await connection.close()


@asynccontextmanager
async def through_psycopg(url: str) -> AsyncIterator[Any]:
    """With rows of another shape and without anybody's search path."""
    async with await psycopg.AsyncConnection.connect(url, row_factory=dict_row, autocommit=True) as connection:
        await connection.execute("SET search_path TO pg_catalog")
        yield connection


@pytest.fixture(params=[through_asyncpg, through_psycopg])
async def connection(request: pytest.FixtureRequest, store: PostgresStore, database: str) -> AsyncIterator[Any]:
    async with request.param(database) as connection:
        yield connection


async def test_a_commit_brings_the_jobs_and_wakes_who_waits(store: PostgresStore, connection: Any) -> None:
    waiter = store.jobs.waiter(QUEUE)
    while await waiter.wait(0.05) is not None:
        pass
    async with connection.transaction():
        ids = await store.add_on(connection, QUEUE, JOBS, NOW)
        assert await store.jobs.get(QUEUE, ids[0]) is None
        assert await waiter.wait(0.05) is None
    assert await waiter.wait(5) == 0
    assert ids[1] == "mine"
    for job, job_id in zip(JOBS, ids, strict=True):
        stored = await store.jobs.get(QUEUE, job_id)
        assert stored is not None
        assert (stored.name, json.loads(bytes(stored.data))) == (job.name, json.loads(job.data))
    assert set(await _events(store)) == {"added", "delayed", "waiting"}
    assert await store.jobs.add(QUEUE, [JOBS[2]], NOW) == [ids[2]]
    await waiter.close()


async def test_a_rollback_leaves_nothing(store: PostgresStore, connection: Any) -> None:
    before = len(await _events(store))
    with pytest.raises(Undone):
        await _then_undone(connection, lambda: store.add_on(connection, "undone", JOBS, NOW))
    assert await store.queues.counts("undone", ["waiting", "delayed"]) == {"waiting": 0, "delayed": 0}
    assert len(await _events(store)) == before
    assert await store.jobs.add("undone", [JOBS[0]], NOW) != []


async def test_what_bullmq_refuses_is_an_error_of_ours(store: PostgresStore, connection: Any) -> None:
    orphan = NewJob("orphan", b"1", {"attempts": 0, "parent": {"id": "nobody", "queue": f"bull:{QUEUE}"}})
    with pytest.raises(JobNotFound):
        await _then_undone(connection, lambda: store.add_on(connection, QUEUE, [orphan], NOW))
    assert await store.add_on(connection, QUEUE, [], NOW) == []


async def test_an_open_transaction_is_in_nobodys_way(store: PostgresStore, connection: Any) -> None:
    async with connection.transaction():
        await store.add_on(connection, QUEUE, JOBS[:2], NOW)
        reader = store.events.reader(QUEUE)
        place = await store.events.last_id(QUEUE)
        others = await store.jobs.add(QUEUE, [JOBS[0], NewJob("third", b"3", {"attempts": 0, "jobId": "third"})], NOW)
        assert {event.fields["jobId"] for event in await reader.read(place, 5)} == set(others)
        await reader.close()


async def _then_undone(connection: Any, act: Callable[[], Awaitable[Any]]) -> None:
    async with connection.transaction():
        await act()
        raise Undone


async def _events(store: PostgresStore) -> list[str]:
    return sorted(event.name for event in await store.events.since(QUEUE, "0", 1000))
