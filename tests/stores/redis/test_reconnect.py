"""What a shared connection does while the engine is away, silent or slow."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from corral.model.errors import StoreUnavailable
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection, ConnectionLimits, Sender
from corral.testing.fault_proxy import FaultProxy
from corral.testing.waiting import until
from tests.stores.redis.engine import Engine
from tests.stores.redis.observer import Observer

Connect = Callable[..., Connection]
QUICK = ConnectionLimits(connect_timeout=1.0, reply_timeout=1.0, backoff_first=0.01, backoff_most=0.1)
NOWHERE = "/nowhere/at/all"


@pytest.fixture
async def proxy(valkey: Engine) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(valkey.socket) as proxy:
        yield proxy


def _through(proxy: FaultProxy) -> Address:
    return Address(host=proxy.host, port=proxy.port)


async def test_a_silent_connection_is_noticed_and_replaced(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    connection = connect(_through(proxy), limits=QUICK, on_state=observer)
    await connection.ready(30)
    proxy.freeze()
    with pytest.raises(StoreUnavailable, match=r"no reply for 1(\.0)? s"):
        await connection.send("PING")
    assert not connection.is_ready
    assert "in time" in await observer.reaches("failed")
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await connection.ready(0.01)
    proxy.thaw()
    await connection.ready(30)
    assert await connection.send("PING") == b"PONG"


async def test_a_silent_idle_connection_is_noticed_too(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    connection = connect(_through(proxy), limits=QUICK, on_state=observer)
    await connection.ready(30)
    proxy.strand()
    assert "no reply" in await observer.reaches("lost")
    assert await connection.send("PING") == b"PONG"


async def test_a_living_idle_connection_is_kept(
    connect: Connect, valkey: Engine, proxy: FaultProxy, observer: Observer
) -> None:
    onlooker = connect(valkey.socket)
    connection = connect(_through(proxy), limits=ConnectionLimits(reply_timeout=1.5), on_state=observer)
    await connection.ready(30)
    begun = await _pings(onlooker)

    async def pinged() -> bool:
        return await _pings(onlooker) >= begun + 2

    await until(pinged)
    assert await connection.send("ECHO", "x") == b"x"
    assert (proxy.accepted, observer.count("lost")) == (1, 0)


async def _pings(connection: Connection) -> int:
    """How many the engine has had."""
    stats = await connection.send("INFO", "commandstats")
    found = re.search(rb"cmdstat_ping:calls=(\d+)", stats)
    return int(found[1]) if found else 0


async def test_lost_commands_fail_unless_they_may_be_repeated(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    connection = connect(_through(proxy), limits=QUICK, on_state=observer)
    await connection.ready(30)
    await connection.send("SET", "fruit", "pear")
    proxy.freeze()
    once = connection.send("INCR", "lost")
    many = connection.send_many([("MULTI",), ("INCR", "lost"), ("EXEC",)])
    given_up = connection.send("INCR", "lost", repeat=True)
    twice = connection.send("GET", "fruit", repeat=True)
    given_up.cancel()
    proxy.drop()
    for future in (once, *many):
        with pytest.raises(StoreUnavailable, match="lost"):
            await future
    proxy.thaw()
    assert await twice == b"pear"
    assert await connection.send("GET", "lost") is None


async def test_a_restarted_engine_is_used_again_within_3_s(
    connect: Connect, engine: Engine, observer: Observer
) -> None:
    engine.start()
    connection = connect(engine.socket, on_state=observer)
    await connection.ready(30)
    engine.stop()
    await observer.reaches("failed", 5)
    engine.start()
    async with asyncio.timeout(30):
        await connection.ready()
    assert await connection.send("PING") == b"PONG"
    assert [state for state, _ in observer.seen] == [
        "ready",
        "lost",
        *["failed"] * observer.count("failed"),
        "ready",
    ]


async def test_commands_wait_for_the_engine_to_start(connect: Connect, engine: Engine) -> None:
    connection = connect(engine.socket)
    waiting = [connection.send("RPUSH", "line", 1)]
    waiting += connection.send_many([("MULTI",), ("RPUSH", "line", 2), ("EXEC",)])
    waiting += [connection.send("RPUSH", "line", 3)]
    engine.start()
    assert await asyncio.gather(*waiting) == [1, b"OK", b"QUEUED", [2], 3]


async def test_waiting_commands_fail_after_connect_wait(connect: Connect) -> None:
    connection = connect(NOWHERE, limits=ConnectionLimits(connect_wait=0.1))
    now = asyncio.get_running_loop().time
    begun = now()
    waiting = [connection.send("PING"), connection.send("PING", repeat=True)]
    waiting += connection.send_many([("MULTI",), ("EXEC",)])
    for future in waiting:
        with pytest.raises(StoreUnavailable, match="No such file"):
            await future
    assert 0.1 <= now() - begun < ConnectionLimits().connect_wait
    assert not connection.is_ready
    with pytest.raises(StoreUnavailable, match="at/all"):
        await connection.ready(0.05)


@pytest.mark.parametrize("limits", [ConnectionLimits(waiting_commands=9), ConnectionLimits(waiting_bytes=700)])
async def test_a_full_line_refuses_at_once(connect: Connect, limits: ConnectionLimits) -> None:
    connection = connect(NOWHERE, limits=limits)
    waiting = [connection.send("ECHO", "x" * 50) for _ in range(9)]
    assert not any(future.done() for future in waiting)
    pair = connection.send_many([("ECHO", "x" * 50)] * 2)
    assert all(future.done() for future in pair)
    with pytest.raises(StoreUnavailable, match="too many"):
        await pair[0]
    await connection.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await waiting[0]


async def test_a_slow_connection_holds_commands_back_in_bounds(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    limits = ConnectionLimits(waiting_bytes=4_000_000, reply_timeout=60)
    connection = connect(_through(proxy), limits=limits, on_state=observer)
    await connection.ready(30)
    proxy.freeze()
    sent: list[asyncio.Future[Any]] = []
    refused = 0
    while refused < 10 and len(sent) < 300:
        sent.append(connection.send("SETEX", f"large:{len(sent)}", 60, b"x" * 1_000_000))
        await asyncio.wait([sent[-1]], timeout=0.001)
        refused += sent[-1].done()
    assert (refused, len(sent) > refused) == (10, True)
    proxy.thaw()
    replies = await asyncio.gather(*sent, return_exceptions=True)
    assert replies.count(b"OK") == len(sent) - refused
    assert await connection.send("GET", "large:0") == b"x" * 1_000_000
    assert observer.count("lost") == 0


async def test_on_connect_comes_before_waiting_commands_and_after_each_loss(
    connect: Connect, proxy: FaultProxy, observer: Observer
) -> None:
    greeted = 0

    async def greet(sender: Sender) -> None:
        nonlocal greeted
        greeted += 1
        await sender.send("SET", "greeting", greeted)
        await asyncio.gather(*sender.send_many([("INCR", "greetings")] * 2))

    connection = connect(_through(proxy), limits=QUICK, on_connect=greet, on_state=observer)
    assert await connection.send("GET", "greeting") == b"1"
    proxy.drop()
    await observer.reaches("ready", 2)
    assert await connection.send("GET", "greeting") == b"2"


async def test_a_failing_on_connect_is_tried_again(connect: Connect, valkey: Engine, observer: Observer) -> None:
    failures = iter([KeyError("a bug"), None])

    async def greet(sender: Sender) -> None:
        if (failure := next(failures)) is not None:
            raise failure

    connection = connect(valkey.socket, limits=QUICK, on_connect=greet, on_state=observer)
    await connection.ready(30)
    assert observer.seen[0] == ("failed", "'a bug'")


async def test_an_observer_that_raises_harms_nobody(connect: Connect, valkey: Engine) -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))

    def observe(state: str, detail: str) -> None:
        raise RuntimeError(state)

    connection = connect(valkey.socket, on_state=observe)
    assert await connection.send("PING") == b"PONG"
    assert len(complaints) == 1


async def test_close_does_not_wait_for_a_silent_engine(connect: Connect, proxy: FaultProxy, observer: Observer) -> None:
    connection = connect(_through(proxy), on_state=observer)
    await connection.ready(30)
    proxy.freeze()
    flying = [connection.send("PING"), connection.send("PING", repeat=True)]
    await asyncio.wait_for(connection.close(), 30)
    for future in [*flying, connection.send("PING")]:
        with pytest.raises(StoreUnavailable, match="closed"):
            await future
    assert await observer.reaches("closed") == ""


async def test_attempts_are_few_while_the_engine_is_away(connect: Connect, observer: Observer) -> None:
    connect(NOWHERE, on_state=observer, random=lambda: 0.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(observer.reaches("failed", 100), 0.6)
    assert observer.count("failed") <= 4
