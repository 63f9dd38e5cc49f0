import asyncio
from collections.abc import AsyncIterator

import pytest

from corral.testing.fault_proxy import FaultProxy

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with FaultProxy(f"127.0.0.1:{port}") as proxy:
        yield proxy
    server.close()


@pytest.fixture
async def caller(proxy: FaultProxy) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    yield reader, writer
    writer.close()


async def _says(caller: Streams, text: bytes) -> bytes:
    caller[1].write(text)
    return await asyncio.wait_for(caller[0].readexactly(len(text)), 20)


async def test_forwards_both_ways(caller: Streams, proxy: FaultProxy) -> None:
    assert await _says(caller, b"hello") == b"hello"
    assert await _says(caller, b"x" * 3_000_000) == b"x" * 3_000_000
    assert (proxy.accepted, proxy.connections) == (1, 1)


async def test_frozen_is_silent_but_open_and_thawing_delivers(caller: Streams, proxy: FaultProxy) -> None:
    assert await _says(caller, b"1") == b"1"
    proxy.freeze()
    caller[1].write(b"2")
    late = await asyncio.open_connection(proxy.host, proxy.port)
    late[1].write(b"3")
    for silent in (caller, late):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(silent[0].read(1), 0.05)
    proxy.thaw()
    assert await asyncio.wait_for(caller[0].read(1), 20) == b"2"
    assert await asyncio.wait_for(late[0].read(1), 20) == b"3"
    late[1].close()


async def test_answers_that_are_kept_come_later(caller: Streams, proxy: FaultProxy) -> None:
    assert await _says(caller, b"1") == b"1"
    proxy.keep_answers()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(_says(caller, b"2"), 0.05)
    proxy.thaw()
    assert await asyncio.wait_for(caller[0].read(1), 20) == b"2"


async def test_stranded_connections_stay_silent_and_new_ones_work(caller: Streams, proxy: FaultProxy) -> None:
    assert await _says(caller, b"1") == b"1"
    proxy.strand()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(_says(caller, b"2"), 0.05)
    again = await asyncio.open_connection(proxy.host, proxy.port)
    assert await _says(again, b"3") == b"3"
    again[1].close()


async def test_latency_delays_but_does_not_queue(caller: Streams, proxy: FaultProxy) -> None:
    now = asyncio.get_running_loop().time
    proxy.latency(0.05)
    begun = now()
    assert await _says(caller, b"1") == b"1"
    assert now() - begun >= 0.1
    begun = now()
    for _ in range(200):
        caller[1].write(b"x")
        await caller[1].drain()
    await asyncio.wait_for(caller[0].readexactly(200), 20)
    assert now() - begun < 200 * 0.05


async def test_drop_breaks_open_connections_only(caller: Streams, proxy: FaultProxy) -> None:
    assert await _says(caller, b"1") == b"1"
    proxy.drop()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await _says(caller, b"2")
    again = await asyncio.open_connection(proxy.host, proxy.port)
    assert await _says(again, b"3") == b"3"
    again[1].close()


async def test_refuse_keeps_open_connections_and_accept_takes_new_ones(caller: Streams, proxy: FaultProxy) -> None:
    assert await _says(caller, b"1") == b"1"
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(proxy.host, proxy.port)
    assert await _says(caller, b"2") == b"2"
    proxy.accept()
    again = await asyncio.open_connection(proxy.host, proxy.port)
    assert await _says(again, b"3") == b"3"
    again[1].close()


async def test_an_unreachable_target_closes_the_caller() -> None:
    async with FaultProxy("/nowhere/at/all") as proxy:
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()
