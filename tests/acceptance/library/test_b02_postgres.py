"""B02, B03: a pool of one's own, transactions of one's own, and the schema."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from corral import Context, JobDefinition, Worker, generate_migration_sql
from corral.library.events import Event
from corral.model.errors import InvalidInput, StoreError
from corral.testing.postgres import RunningPostgres
from tests.acceptance.library.kit import DEADLINE, Recorder

SCHEMA = "_job$1"


@pytest.fixture
def url(postgres: RunningPostgres, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"b02_{abs(hash(request.node.name))}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture
async def pool(url: str) -> AsyncIterator[Any]:
    async with asyncpg.create_pool(url, min_size=1, max_size=5) as pool:
        yield pool


async def _migrate_twice(pool: Any) -> None:
    for _ in range(2):
        for sql in generate_migration_sql(SCHEMA):
            await pool.execute(sql)


async def test_b02_a_pool_is_used_and_stays_open(pool: Any) -> None:
    await _migrate_twice(pool)
    recorder = Recorder()
    async with Context(pool=pool, schema=SCHEMA, migrate=False) as context:
        ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
        await ping.register()
        async with Worker(context):
            job_id = await ping.enqueue("hello")
            assert await ping.wait(job_id, seconds=DEADLINE) == "did hello"
    rows = await pool.fetch(f'SELECT id FROM "{SCHEMA}".job')
    assert [row["id"] for row in rows] == [job_id]


async def test_b02_a_psycopg_pool_leads_to_the_server(url: str) -> None:
    pool_module = pytest.importorskip("psycopg_pool")
    async with pool_module.AsyncConnectionPool(url, min_size=1, open=False) as pool:
        recorder = Recorder()
        async with Context(pool=pool) as context:
            ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
            await ping.register()
            async with Worker(context):
                assert await ping.wait(await ping.enqueue(1), seconds=DEADLINE) == "did 1"
        async with pool.connection() as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_b02_another_kind_of_pool_is_refused() -> None:
    with pytest.raises(InvalidInput, match="asyncpg or psycopg 3"):
        await Context(pool=object()).store()


async def test_b03_migrations_may_run_again_and_quote_the_schema(pool: Any) -> None:
    await _migrate_twice(pool)
    names = await pool.fetch("SELECT nspname FROM pg_namespace WHERE nspname LIKE $1", r"\_job%")
    assert {row["nspname"] for row in names} == {SCHEMA, f"{SCHEMA}_corral"}
    with pytest.raises(InvalidInput):
        generate_migration_sql('x"; DROP TABLE job; --')


async def test_b03_a_context_brings_the_schema_up_to_date_unless_told_not_to(url: str) -> None:
    with pytest.raises(StoreError, match="not up to date"):
        await Context(dsn=url, migrate=False).store()
    async with Context(dsn=url):
        pass
    async with Context(dsn=url, migrate=False):
        pass


async def test_a_job_is_there_when_the_transaction_commits(pool: Any) -> None:
    heard: list[Event] = []
    async with Context(pool=pool) as context:
        context.add_event_handler(heard.append)
        ping = JobDefinition(name="PING", context=context, work_function=Recorder().work)
        store = await context.store()
        async with pool.acquire() as connection:
            rolled_back = connection.transaction()
            await rolled_back.start()
            gone = await ping.enqueue(1, connection=connection)
            await rolled_back.rollback()
            async with connection.transaction():
                kept = await ping.enqueue(2, connection=connection)
                assert await store.jobs.get("PING", kept) is None
        assert await store.jobs.get("PING", gone) is None
        assert await store.jobs.get("PING", kept) is not None
