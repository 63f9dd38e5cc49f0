"""A store on an empty database, and sessions behind its back."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import TypeAlias

import asyncpg
import pytest

from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from corral.testing.postgres import RunningPostgres
from tests.emptied import Emptied, emptied_on

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Connect: TypeAlias = Callable[[], Awaitable[Connection]]


@pytest.fixture(scope="module")
def emptied(postgres: RunningPostgres) -> Iterator[Emptied]:
    """Of the module's own, because some look at statistics."""
    with emptied_on(postgres) as database:
        yield database


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(database, Schema.named())
    await store.start()
    await store.ready(30)
    yield store
    await store.close()


@pytest.fixture
async def connect(database: str, store: PostgresStore) -> AsyncIterator[Connect]:
    """Opens a session of the test's own."""
    async with AsyncExitStack() as stack:

        async def start() -> Connection:
            session = await asyncpg.connect(database)
            stack.push_async_callback(session.close)
            return session

        yield start
