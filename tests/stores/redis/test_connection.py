import asyncio
import random
from collections.abc import Callable

import pytest

from corral.model.errors import StoreError
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection, ScriptMissing
from corral.testing.fault_proxy import FaultProxy
from tests.stores.redis.engine import Engine

Connect = Callable[..., Connection]
MULTI, EXEC = ("MULTI",), ("EXEC",)


async def test_replies_are_bytes_in_order(connect: Connect, valkey: Engine) -> None:
    connection = connect(valkey.socket)
    replies = await asyncio.gather(*(connection.send("ECHO", n) for n in range(5000)))
    assert replies == [str(n).encode() for n in range(5000)]


async def test_arguments_may_be_text_bytes_and_numbers(connect: Connect, valkey: Engine) -> None:
    connection = connect(valkey.socket)
    await connection.send("RPUSH", "mixed", "é", b"\xff", 7, 0.5)
    assert await connection.send("LRANGE", "mixed", 0, -1) == ["é".encode(), b"\xff", b"7", b"0.5"]
    with pytest.raises(TypeError):
        connection.send("SET", "mixed", None)  # type: ignore[arg-type]
    assert await connection.send("PING") == b"PONG"


async def test_errors_reach_their_own_caller(connect: Connect, valkey: Engine) -> None:
    connection = connect(valkey.socket)
    before, wrong = connection.send("ECHO", 1), connection.send("NOSUCH")
    missing, after = connection.send("EVALSHA", "0" * 40, 0), connection.send("ECHO", 2)
    with pytest.raises(StoreError, match="ERR unknown command 'NOSUCH'"):
        await wrong
    with pytest.raises(ScriptMissing, match="NOSCRIPT"):
        await missing
    assert (await before, await after) == (b"1", b"2")


async def test_a_transaction_stays_together(connect: Connect, valkey: Engine) -> None:
    connection = connect(valkey.socket)

    async def transaction(n: int) -> object:
        commands = [MULTI, ("SET", "shared", n), ("GET", "shared"), EXEC]
        return (await asyncio.gather(*connection.send_many(commands)))[-1]

    others = [connection.send("SET", "shared", "other") for _ in range(100)]
    replies = await asyncio.gather(*map(transaction, range(100)), *others)
    assert replies[:100] == [[b"OK", str(n).encode()] for n in range(100)]


async def test_an_error_inside_a_transaction_is_a_value(connect: Connect, valkey: Engine) -> None:
    connection = connect(valkey.socket)
    *_, last = connection.send_many([MULTI, ("SET", "text", "x"), ("INCR", "text"), ("GET", "text"), EXEC])
    ok, error, value = await last
    assert (ok, value) == (b"OK", b"x")
    assert isinstance(error, StoreError)


async def test_10000_cancelled_calls_never_shift_a_reply(connect: Connect, valkey: Engine) -> None:
    dice = random.Random(5)
    async with FaultProxy(valkey.socket) as proxy:
        proxy.latency(0.025)
        connection = connect(Address(host=proxy.host, port=proxy.port))
        await connection.ready(30)
        loop = asyncio.get_running_loop()
        tasks = []
        for n in range(20_000):
            tasks.append(loop.create_task(_echo(connection, n)))
            if n % 2:
                loop.call_later(dice.uniform(0, 0.06), tasks[-1].cancel)
            if n % 400 == 0:
                await connection.send("PING")
        replies = await asyncio.gather(*tasks, return_exceptions=True)
        assert await connection.send("ECHO", "last") == b"last"
    cancelled = sum(isinstance(reply, asyncio.CancelledError) for reply in replies)
    assert cancelled > 5000
    assert {reply for n, reply in enumerate(replies) if n % 2 == 0} == {True}
    assert {reply for reply in replies if not isinstance(reply, asyncio.CancelledError)} == {True}


async def _echo(connection: Connection, n: int) -> bool:
    return bool(await connection.send("ECHO", n) == b"%d" % n)
