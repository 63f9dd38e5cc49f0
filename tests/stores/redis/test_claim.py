"""Whom the engine gives a sign of work to."""

import asyncio
from collections.abc import Callable

import pytest

from corral.stores.redis import claim
from corral.stores.redis.address import Address
from corral.stores.redis.blocking import BlockingConnection
from corral.stores.redis.claim import MarkerWaiter
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import QueueKeys
from corral.testing.fault_proxy import FaultProxy
from corral.testing.waiting import until
from tests.stores.redis.engine import Engine


async def test_a_wait_that_comes_late_to_the_engine_takes_no_sign_from_others(
    connect: Callable[..., Connection], valkey: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "_FAREWELL", 30.0)
    connection, keys = connect(valkey.socket), QueueKeys("bull", "late")
    await connection.send("PING")
    async with FaultProxy(valkey.socket) as proxy:
        waiter = MarkerWaiter(connection, BlockingConnection(Address(host=proxy.host, port=proxy.port)), keys)
        assert await waiter.wait(0.01) is None
        proxy.freeze()
        waiting = asyncio.create_task(waiter.wait(30))
        await connection.send("PING")  # by now the wait is on its way
        waiting.cancel()
        await asyncio.wait([waiting])
        closing = asyncio.create_task(waiter.close())
        await connection.send("ZADD", keys.marker, 0, "0")
        proxy.thaw()
        await closing
        await until(lambda: not proxy.connections)
    assert await connection.send("ZCARD", keys.marker) == 1
