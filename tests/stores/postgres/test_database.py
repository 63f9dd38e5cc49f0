"""Statements while sessions are ended behind their back."""

import asyncio

import asyncpg

from corral.model.errors import StoreUnavailable
from corral.stores.postgres.failures import failure, is_away
from corral.stores.postgres.store import PostgresStore
from tests.stores.postgres.conftest import Connect

END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
ROUNDS = 60


async def test_whatever_the_driver_says_of_a_lost_session_the_engine_is_away(
    store: PostgresStore, connect: Connect
) -> None:
    """A session may end in the middle of a statement, or while one is about to be sent."""
    session = await connect()
    ours = session.get_server_pid()
    refused = 0
    for _ in range(ROUNDS):
        asking = [asyncio.ensure_future(store.database.value("ping")) for _ in range(8)]
        await session.execute(END_ALL.replace("$1", str(ours)))
        for answer in await asyncio.gather(*asking, return_exceptions=True):
            assert answer == 1 or isinstance(answer, StoreUnavailable), repr(answer)
            refused += isinstance(answer, StoreUnavailable)
    assert await store.database.value("ping", repeat=True) == 1
    assert refused, "some of them met it"


def test_the_drivers_internal_error_says_that_the_engine_is_away() -> None:
    error = asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress")
    assert is_away(error)
    assert isinstance(failure(error), StoreUnavailable)
