"""The Redis engine keeps every promise of the store."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from corral.stores.redis.address import Address
from corral.stores.redis.registry import RegistryKeys
from corral.stores.redis.store import RedisStore
from corral.testing.conformance import Case, cases
from corral.testing.engines import RunningEngine, start_engine

_CASES = cases()
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture
async def store(engine: RunningEngine) -> AsyncIterator[RedisStore]:
    prefix = f"c{next(_numbers)}"
    registry = RegistryKeys(records=f"{prefix}:records", stream=f"{prefix}:stream")
    store = RedisStore(Address(path=str(engine.socket_path)), prefix=prefix, registry=registry)
    await store.start()
    await store.ready(30)
    yield store
    await store.close()


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
async def test_the_promise(case: Case, store: RedisStore) -> None:
    await case(store)
