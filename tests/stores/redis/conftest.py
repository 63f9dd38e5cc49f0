"""A real engine of these tests' own, and connections that close themselves."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection
from tests.stores.redis.engine import Engine
from tests.stores.redis.observer import Observer


@pytest.fixture(scope="session")
def valkey() -> Iterator[Engine]:
    engine = Engine()
    engine.start()
    yield engine
    engine.remove()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """One to start and stop."""
    engine = Engine()
    yield engine
    engine.remove()


@pytest.fixture
def observer() -> Observer:
    return Observer()


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Connection]]:
    """Starts a connection to an address or a socket path."""
    opened: list[Connection] = []

    def open_one(to: Address | str, **options: Any) -> Connection:
        address = to if isinstance(to, Address) else Address(path=to)
        connection = Connection(address, **options)
        connection.start()
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        await connection.close()
