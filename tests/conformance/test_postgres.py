"""The Postgres engine keeps every promise of the store."""

from collections.abc import AsyncIterator

import pytest

from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from corral.testing.conformance import Case, cases

_CASES = cases()


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(database, Schema.named())
    await store.start()
    await store.ready(30)
    yield store
    await store.close()


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
async def test_the_promise(case: Case, store: PostgresStore) -> None:
    await case(store)
