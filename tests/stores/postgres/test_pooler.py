"""Behind a pooler in transaction mode, with the settings that the documentation names."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from corral.model.errors import StoreError
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresOptions, PostgresStore
from corral.testing.conformance.given import QUEUE, add, claim, complete, counts
from corral.testing.pooler import TransactionPooler
from corral.testing.postgres import RunningPostgres


@pytest.fixture
async def pooler(postgres: RunningPostgres, database: str) -> AsyncIterator[TransactionPooler]:
    async with TransactionPooler(postgres.port) as between:
        yield between


@pytest.fixture
async def store(pooler: TransactionPooler, database: str) -> AsyncIterator[PostgresStore]:
    options = PostgresOptions(listen_dsn=database, prepared=False)
    store = PostgresStore(pooler.url(database), Schema.named(), options)
    await store.start()
    await store.ready(30)
    yield store
    await store.close()


async def test_jobs_go_their_way(store: PostgresStore, pooler: TransactionPooler) -> None:
    for _ in range(3):
        await asyncio.gather(*(add(store, {}, {"priority": 1}, {"delay": 60_000}) for _ in range(10)))
        held = await asyncio.gather(*(claim(store, 5) for _ in range(4)))
        await asyncio.gather(*(complete(store, some) for some in held))
    assert await counts(store, "delayed", "completed", "active", "waiting", "prioritized") == (30, 60, 0, 0, 0)
    assert pooler.transactions > 10


async def test_news_come_past_it(store: PostgresStore) -> None:
    reader = store.events.reader(QUEUE)
    reading = asyncio.create_task(reader.read(await store.events.last_id(QUEUE), 4))
    waiting = asyncio.create_task(store.registry.changes(await store.registry.cursor(), 4))
    await add(store, {})
    await store.registry.put(QUEUE, b"{}")
    assert [event.name for event in await reading] == ["added", "waiting"]
    assert (await waiting)[1] == [QUEUE]


async def test_prepared_statements_are_lost_there(pooler: TransactionPooler, database: str) -> None:
    """Sooner or later: a transaction may by chance meet the session that knows its statement."""
    store = PostgresStore(pooler.url(database), Schema.named(), PostgresOptions(listen_dsn=database))
    failed: list[str] = []
    while not failed:
        asked = [counts(store, "waiting") for _ in range(20)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        failed = [str(error) for error in answers if isinstance(error, StoreError)]
    assert all("CORRAL_PREPARED_STATEMENTS" in error for error in failed)
    await store.close()
