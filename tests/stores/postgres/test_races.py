"""Moves that somebody asks for while a worker takes the job up: both wait for each other, and one sees the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from corral.model.errors import JobLocked, JobNotFound, NotInState
from corral.model.job import NewJob
from corral.stores.postgres.store import PostgresStore
from corral.testing.waiting import until
from tests.stores.postgres.conftest import Connect

NOW = 1_795_000_000_000
FAR = NOW * 2  # a lock that holds whatever the server's clock says
_CLAIM = "SELECT id FROM bullmq.move_to_active('q', 'token', $1, $2, NULL, NULL, NULL)"
_WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
Move = Callable[[PostgresStore, str], Awaitable[Any]]

MOVES: list[tuple[Move, type[Exception]]] = [
    (lambda store, job: store.job_moves.promote("q", job), NotInState),
    (lambda store, job: store.job_moves.change_delay("q", job, 1, NOW), NotInState),
    (lambda store, job: store.job_moves.remove("q", job, False), JobLocked),
    (lambda store, job: store.job_moves.remove("q", job, True), JobLocked),
]


@pytest.mark.parametrize(("move", "refusal"), MOVES)
async def test_what_a_worker_takes_first_stays_its_own(
    store: PostgresStore, connect: Connect, move: Move, refusal: type[Exception]
) -> None:
    (job,) = await store.jobs.add("q", [NewJob("one", b"{}", {"attempts": 0, "delay": 5})], NOW)
    session = await connect()
    async with session.transaction():
        assert [row["id"] for row in await session.fetch(_CLAIM, FAR, NOW + 10)] == [job]
        moving = asyncio.ensure_future(move(store, job))
        await until(lambda: session.fetchval(_WAITS))
    with pytest.raises(refusal):
        await moving
    assert await store.job_details.state("q", job) == "active"


async def test_a_child_that_is_taken_first_saves_the_tree(store: PostgresStore, connect: Connect) -> None:
    (parent,) = await store.jobs.add("p", [NewJob("parent", b"{}", {"attempts": 0, "delay": 5})], NOW)
    below = {"attempts": 0, "parent": {"id": parent, "queue": f"{store.prefix}:p"}}
    await store.jobs.add("q", [NewJob("child", b"{}", below)], NOW)
    session = await connect()
    async with session.transaction():
        await session.fetch(_CLAIM, FAR, NOW)
        removing = asyncio.ensure_future(store.job_moves.remove("p", parent, True))
        await until(lambda: session.fetchval(_WAITS))
    with pytest.raises(JobLocked):
        await removing
    assert await store.job_details.state("p", parent) == "delayed"


async def test_what_is_removed_first_is_gone(store: PostgresStore, connect: Connect) -> None:
    (job,) = await store.jobs.add("q", [NewJob("one", b"{}", {"attempts": 0, "delay": 5})], NOW)
    session = await connect()
    async with session.transaction():
        await session.execute("SELECT bullmq_corral.remove('q', $1, false)", job)
        moving = asyncio.ensure_future(store.job_moves.promote("q", job))
        await until(lambda: session.fetchval(_WAITS))
    with pytest.raises(JobNotFound):
        await moving


async def test_two_who_log_at_once_both_do(store: PostgresStore) -> None:
    (job,) = await store.jobs.add("q", [NewJob("one", b"{}", {"attempts": 0})], NOW)
    counts = await asyncio.gather(*(store.jobs.add_log("q", job, f"row {n}", None) for n in range(20)))
    assert sorted(counts) == list(range(1, 21))
