"""What one loop tick adds to a queue shares one call."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from corral.model.job import NewJob
from corral.stores.redis.connection import Connection
from corral.stores.redis.tick import Batch, Tick
from tests.stores.redis.engine import Engine

SOON = 4


@pytest.fixture
async def connection(valkey: Engine, connect: Callable[..., Connection]) -> Connection:
    connection = connect(valkey.socket)
    await connection.ready(30)
    return connection


def jobs(count: int) -> list[NewJob]:
    return [NewJob("job", b"{}", {"attempts": 0})] * count


class Sent:
    """The calls, of which each takes ids from 1 on."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[tuple[str, int, int, int]] = []
        self._error = error

    async def __call__(self, queue: str, batch: Batch) -> Any:
        self.calls.append((queue, batch.now, batch.count, len(batch.args)))
        if self._error:
            raise self._error
        return b"1"


def tick(connection: Connection, sent: Sent, told: list[tuple[str, int]] | None = None) -> Tick:
    stored = (lambda queue, count: None) if told is None else lambda queue, count: told.append((queue, count))
    return Tick(connection, SOON, lambda job, now: (job.name, now), sent, stored)


async def test_callers_of_a_tick_share_a_call_per_queue_and_get_their_own_ids(connection: Connection) -> None:
    sent, told = Sent(), list[tuple[str, int]]()
    gathered = tick(connection, sent, told)
    added = [gathered.join("a", jobs(1), 7), gathered.join("b", jobs(1), 8), gathered.join("a", jobs(2), 9)]
    assert await asyncio.gather(*added) == [["1"], ["1"], ["2", "3"]]
    assert sent.calls == [("a", 7, 3, 6), ("b", 8, 1, 2)]
    assert told == [("a", 3), ("b", 1)]


async def test_a_batch_that_is_full_does_not_wait_and_is_not_split(connection: Connection) -> None:
    sent = Sent()
    gathered = tick(connection, sent)
    added = [gathered.join("a", jobs(SOON + 1), 7), gathered.join("a", jobs(1), 7)]
    assert await asyncio.gather(*added) == [["1", "2", "3", "4", "5"], ["1"]]
    assert sent.calls == [("a", 7, SOON + 1, 2 * SOON + 2), ("a", 7, 1, 2)]


async def test_what_was_gathered_can_go_at_once(connection: Connection) -> None:
    sent = Sent()
    gathered = tick(connection, sent)
    before = gathered.join("a", jobs(1), 7)
    gathered.go("a")
    assert await asyncio.gather(*[before, gathered.join("a", jobs(1), 8)]) == [["1"], ["1"]]
    assert sent.calls == [("a", 7, 1, 2), ("a", 8, 1, 2)]


async def test_all_hear_of_an_error_and_one_who_has_left_hears_nothing(connection: Connection) -> None:
    told: list[tuple[str, int]] = []
    gathered = tick(connection, Sent(ValueError("no")), told)
    left, *stayed = [gathered.join("a", jobs(1), 7) for _ in range(3)]
    left.cancel()
    answers = await asyncio.gather(*stayed, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["no", "no"]
    assert told == []
