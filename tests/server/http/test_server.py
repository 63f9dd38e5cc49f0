"""Starting, listening and stopping."""

import asyncio
import socket
from pathlib import Path

import pytest

from corral.server.http import HttpServer, Request, Response
from corral.server.http.listen import listen
from tests.server.http.kit import DEADLINE, Scripted, gate, serving, turn

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def ask(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    async with asyncio.timeout(DEADLINE):
        answer = await reader.read()
    writer.close()
    return answer


async def test_port_0_becomes_a_real_port() -> None:
    async with serving() as served:
        assert served.server.port > 0


async def test_no_host_means_every_interface_on_one_port() -> None:
    server = HttpServer(Scripted(), host="")
    await server.start()
    try:
        assert (await ask("127.0.0.1", server.port)).startswith(b"HTTP/1.1 200")
        if socket.has_dualstack_ipv6():
            assert (await ask("::1", server.port)).startswith(b"HTTP/1.1 200")
    finally:
        await server.stop(0)


async def test_ipv4_peers_look_the_same_on_a_dual_stack_socket() -> None:
    server = HttpServer(Scripted(lambda request: Response(200, request.peer.encode())), host="")
    await server.start()
    try:
        assert (await ask("127.0.0.1", server.port)).endswith(b"\r\n\r\n127.0.0.1")
    finally:
        await server.stop(0)


async def test_all_addresses_of_a_name_share_a_port() -> None:
    sockets = listen("localhost", 0)
    try:
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
    finally:
        for sock in sockets:
            sock.close()


async def test_a_taken_port_is_an_error() -> None:
    async with serving() as served:
        second = HttpServer(Scripted(), port=served.server.port)
        with pytest.raises(OSError, match="in use"):
            await second.start()
        await second.stop(0)


async def test_processes_may_share_a_port() -> None:
    first, second = HttpServer(Scripted()), HttpServer(Scripted())
    await first.start(reuse_port=True)
    second = HttpServer(Scripted(), port=first.port)
    await second.start(reuse_port=True)
    assert (await ask("127.0.0.1", first.port)).startswith(b"HTTP/1.1 200")
    await first.stop(0)
    await second.stop(0)


async def test_a_socket_may_be_handed_in(tmp_path: Path) -> None:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "s"))
    server = HttpServer(Scripted(lambda request: Response(200, f"<{request.peer}>".encode())), sock=sock)
    await server.start()
    try:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert (await reader.read()).endswith(b"\r\n\r\n<>")
        writer.close()
    finally:
        await server.stop(0)


async def test_stop_closes_idle_connections_at_once() -> None:
    async with serving() as served, served.wire() as fresh, served.wire() as used:
        used.send(GET)
        await used.answer()
        await served.server.stop(60)
        assert await fresh.rest() == b""
        assert await used.rest() == b""


async def test_stop_lets_requests_in_flight_finish() -> None:
    opened, handle = gate()
    started = asyncio.Event()

    async def work(request: Request) -> Response:
        started.set()
        return await handle(request)

    async with serving(work) as served, served.wire() as wire:
        wire.send(GET)
        await started.wait()
        stopping = asyncio.ensure_future(served.server.stop(60))
        await turn()
        with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the system likes
            await asyncio.open_connection("127.0.0.1", served.server.port)
        opened.set()
        answer = await wire.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await wire.rest() == b""
        await stopping
        assert served.server.connections == 0


async def test_stop_waits_for_a_request_that_is_coming_in() -> None:
    async with serving() as served, served.wire() as wire:
        wire.send(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        await wire.until(b"100 Continue\r\n\r\n")
        stopping = asyncio.ensure_future(served.server.stop(60))
        await turn()
        wire.send(b"hi")
        assert (await wire.answer()).body == b"POST /? hi"
        await stopping


async def test_after_the_grace_everything_is_dropped() -> None:
    cancelled = asyncio.Event()
    started = asyncio.Event()

    async def handle(request: Request) -> Response:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    async with serving(handle) as served, served.wire() as wire:
        wire.send(GET)
        await started.wait()
        await served.server.stop(0.02)
        assert cancelled.is_set()
        assert served.errors == []
        assert served.server.connections == 0
