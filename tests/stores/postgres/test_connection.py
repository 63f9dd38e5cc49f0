"""What a new session need not ask."""

import asyncpg

from corral.stores.postgres.connection import Connection


async def test_types_of_postgres_itself_are_asked_about_once(database: str) -> None:
    query = "SELECT $1::bigint[]"
    await _sent(database, query, [1, None])
    assert await _sent(database, query, [2]) == [query]


async def test_types_of_a_database_are_asked_about_in_each_session(database: str) -> None:
    query = "SELECT $1::bullmq.job[]"
    for _ in range(2):
        assert len(await _sent(database, query, [])) > 1


async def _sent(database: str, query: str, value: list[int | None]) -> list[str]:
    """The texts that a new session sends for the query, which gives the value back."""
    sent: list[str] = []
    session = await asyncpg.connect(database, connection_class=Connection)
    with session.query_logger(lambda record: sent.append(record.query)):
        assert await session.fetchval(query, value) == value
    await session.close()
    return sent
