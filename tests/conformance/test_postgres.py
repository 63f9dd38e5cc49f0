"""The Postgres engine keeps every promise of the store."""

from collections.abc import AsyncIterator, Iterator

import pytest

from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from corral.testing.conformance import Case, cases
from corral.testing.postgres import start_postgres, wipe

_CASES = cases()


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with start_postgres() as running:
        yield running.create_migrated("conformance")


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(database, Schema.named())
    await store.start()
    await store.ready(5)
    yield store
    await store.close()
    await wipe(database)


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
async def test_the_promise(case: Case, store: PostgresStore) -> None:
    await case(store)
