import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from corral.model.errors import StoreError, StoreUnavailable
from corral.stores.redis.address import Address
from corral.stores.redis.connection import BlockingConnection, Connection, ConnectionLimits
from corral.testing.fault_proxy import FaultProxy
from tests.stores.redis.engine import Engine

Connect = Callable[..., Connection]
QUICK = ConnectionLimits(blocking_grace=1.0, backoff_first=0.05, backoff_most=0.2)


@pytest.fixture
async def proxy(valkey: Engine) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(valkey.socket) as proxy:
        yield proxy


@pytest.fixture
async def blocking(proxy: FaultProxy) -> AsyncIterator[BlockingConnection]:
    connection = BlockingConnection(Address(host=proxy.host, port=proxy.port), "waiter", limits=QUICK)
    yield connection
    await connection.close()


def _pop(connection: BlockingConnection, key: str, timeout: float) -> asyncio.Task[object]:
    return asyncio.create_task(connection.call("BZPOPMIN", key, timeout, timeout=timeout))


async def _blocked(connection: Connection) -> None:
    """Until one client waits in the engine."""
    async with asyncio.timeout(30):
        while b"blocked_clients:1\r\n" not in await connection.send("INFO", "clients"):
            pass


async def test_waits_for_the_engine(connect: Connect, valkey: Engine, blocking: BlockingConnection) -> None:
    connection = connect(valkey.socket)
    popping = _pop(blocking, "marker", 5)
    await _blocked(connection)
    await connection.send("ZADD", "marker", 0, "go")
    assert await popping == [b"marker", b"go", b"0"]
    assert await blocking.call("CLIENT", "GETNAME", timeout=0) == b"waiter"


async def test_its_own_time_runs_out(blocking: BlockingConnection) -> None:
    assert await _pop(blocking, "nothing", 0.01) is None
    with pytest.raises(StoreError, match="unknown command"):
        await blocking.call("NOSUCH", timeout=0)


async def test_a_silent_connection_is_dropped_and_made_anew(blocking: BlockingConnection, proxy: FaultProxy) -> None:
    assert await blocking.call("PING", timeout=0) == b"PONG"
    proxy.freeze()
    with pytest.raises(StoreUnavailable, match="in time"):
        await _pop(blocking, "nothing", 0.05)
    proxy.thaw()
    assert await blocking.call("PING", timeout=0) == b"PONG"
    assert proxy.accepted == 2


async def test_a_broken_connection_fails_the_call(
    connect: Connect, valkey: Engine, blocking: BlockingConnection, proxy: FaultProxy
) -> None:
    popping = _pop(blocking, "nothing", 5)
    await _blocked(connect(valkey.socket))
    proxy.drop()
    with pytest.raises(StoreUnavailable, match="lost"):
        await popping
    assert await blocking.call("PING", timeout=0) == b"PONG"


async def test_cancelling_never_shifts_a_reply(connect: Connect, valkey: Engine, blocking: BlockingConnection) -> None:
    connection = connect(valkey.socket)
    for n in range(5):
        popping = _pop(blocking, "marker", 5)
        await _blocked(connection)
        popping.cancel()
        await asyncio.wait([popping])
        assert popping.cancelled()
        assert await blocking.call("ECHO", n, timeout=1) == b"%d" % n


async def test_a_cancelled_call_may_be_ended_in_the_engine_too(
    connect: Connect, valkey: Engine, blocking: BlockingConnection, proxy: FaultProxy
) -> None:
    connection = connect(valkey.socket)
    assert await blocking.call("PING", timeout=0) == b"PONG"
    proxy.freeze()
    popping = _pop(blocking, "given", 60)
    await connection.send("PING")  # by now the call is on its way
    popping.cancel()
    await asyncio.wait([popping])
    ending = asyncio.create_task(blocking.end(connection))
    await connection.send("PING")
    assert not ending.done()
    proxy.thaw()
    async with asyncio.timeout(30):
        await ending
    await connection.send("ZADD", "given", 0, "go")
    assert await connection.send("ZCARD", "given") == 1


async def test_what_has_answered_needs_no_end(connect: Connect, valkey: Engine, blocking: BlockingConnection) -> None:
    await blocking.end(connect(valkey.socket))
    assert await blocking.call("PING", timeout=0) == b"PONG"
    await blocking.end(connect(valkey.socket))


async def test_calls_pause_while_the_engine_is_away() -> None:
    blocking = BlockingConnection(Address(path="/nowhere"), limits=QUICK, random=lambda: 0.0)
    now = asyncio.get_running_loop().time
    begun = now()
    for _ in range(4):
        with pytest.raises(StoreUnavailable, match="/nowhere"):
            await blocking.call("PING", timeout=0)
    assert now() - begun >= 0.05 + 0.1 + 0.2


async def test_one_call_at_a_time(blocking: BlockingConnection) -> None:
    first = asyncio.create_task(blocking.call("PING", timeout=1))
    with pytest.raises(RuntimeError, match="one call"):
        await asyncio.gather(blocking.call("PING", timeout=1), blocking.call("PING", timeout=1))
    await first


async def test_close_ends_a_blocked_call(connect: Connect, valkey: Engine, blocking: BlockingConnection) -> None:
    popping = _pop(blocking, "nothing", 5)
    await _blocked(connect(valkey.socket))
    await blocking.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await popping
    with pytest.raises(StoreUnavailable, match="closed"):
        await blocking.call("PING", timeout=0)
