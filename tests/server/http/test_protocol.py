"""One connection: order, keep-alive, the ways a request ends, and what happens when the application fails."""

import asyncio
from typing import Any

import pytest

from corral.server.http import Limits, Request, Response
from corral.server.http.protocol import HttpConnection
from corral.testing.waiting import until
from tests.server.http.kit import echo, gate, serving, turn

GET = b"GET /a?b=1 HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_answers_with_the_usual_headers() -> None:
    async with serving() as served, served.wire() as wire:
        wire.send(GET)
        answer = await wire.answer()
    assert answer.status == 200
    assert answer.body == b"GET /a?b=1 "
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"
    assert answer.headers["date"].endswith("GMT")
    assert "connection" not in answer.headers


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with serving() as served, served.wire() as wire:
        for _ in range(3):
            wire.send(GET)
            assert (await wire.answer()).status == 200
        assert served.server.connections == 1


@pytest.mark.parametrize("cut", [1, 5, 20, 33, 34, 60])
async def test_a_request_may_come_in_pieces(cut: int) -> None:
    request = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world"
    async with serving() as served, served.wire() as wire:
        for start in range(0, len(request), cut):
            wire.send(request[start : start + cut])
            await wire.writer.drain()
            await turn()
        assert (await wire.answer()).body == b"POST /p? hello world"


async def test_chunked_bodies_are_joined_and_trailers_dropped() -> None:
    async with serving() as served, served.wire() as wire:
        wire.send(b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        wire.send(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n")
        assert (await wire.answer()).body == b"POST /p? abcde"


async def test_pipelined_requests_are_answered_in_order_one_at_a_time() -> None:
    running: list[str] = []
    most = 0

    async def handle(request: Request) -> Response:
        nonlocal most
        running.append(request.path)
        most = max(most, len(running))
        for _ in range(20 - int(request.path[1:])):
            await turn()
        running.remove(request.path)
        return echo(request)

    async with serving(handle) as served, served.wire() as wire:
        wire.send(b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % n for n in range(20)))
        paths = [(await wire.answer()).body for _ in range(20)]
    assert paths == [b"GET /%d? " % n for n in range(20)]
    assert most == 1


async def test_a_long_pipeline_is_not_read_ahead_of_its_answers() -> None:
    opened, handle = gate()
    bulk = b"POST /p HTTP/1.1\r\nContent-Length: 60000\r\n\r\n" + bytes(60_000)
    async with serving(handle, limits=Limits(pipeline=2)) as served, served.wire() as wire:
        for _ in range(400):
            wire.send(bulk)
        (connection,) = served.server._service.guests
        assert isinstance(connection, HttpConnection)
        await until(lambda: connection._reading_paused)
        assert len(connection._ready) < 10
        opened.set()
        for _ in range(400):
            assert (await wire.answer()).status == 200


async def test_a_future_may_stand_for_the_answer() -> None:
    waiting: list[asyncio.Future[Response]] = []

    def handle(request: Request) -> asyncio.Future[Response]:
        future = asyncio.get_running_loop().create_future()
        waiting.append(future)
        asyncio.get_running_loop().call_soon(future.set_result, Response(201, request.path.encode()))
        return future

    async with serving(handle) as served, served.wire() as wire:
        wire.send(GET + GET)
        assert [(await wire.answer()).status for _ in range(2)] == [201, 201]


async def test_head_gets_the_length_but_no_body() -> None:
    async with serving() as served, served.wire() as wire:
        wire.send(b"HEAD /a HTTP/1.1\r\n\r\n" + GET)
        head = await wire.answer(bodiless=True)
        assert head.headers["content-length"] == "9"
        assert (await wire.answer()).body == b"GET /a?b=1 "


@pytest.mark.parametrize("status", [204, 304])
async def test_some_statuses_have_no_body(status: int) -> None:
    async with serving(lambda _: Response(status, b"never sent")) as served, served.wire() as wire:
        wire.send(GET + GET)
        for _ in range(2):
            answer = await wire.answer()
            assert answer.status == status
            assert "content-length" not in answer.headers


async def test_connection_close_is_obeyed() -> None:
    async with serving() as served:
        said = await served.ask(b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"connection: close\r\n" in said
    assert said.endswith(b"GET /a? ")


async def test_http_1_0_closes_unless_asked_not_to() -> None:
    async with serving() as served, served.wire() as wire:
        assert (await served.ask(b"GET /a HTTP/1.0\r\n\r\n")).endswith(b"GET /a? ")
        wire.send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert (await wire.answer()).headers["connection"] == "keep-alive"
        wire.send(GET)
        assert (await wire.answer()).status == 200


async def test_a_client_that_has_finished_sending_still_gets_its_answers() -> None:
    opened, handle = gate()
    async with serving(handle) as served, served.wire() as wire:
        wire.send(GET + GET)
        wire.finish()
        opened.set()
        assert (await wire.rest()).count(b"200 OK") == 2


async def test_expect_continue_is_answered_before_the_body() -> None:
    async with serving() as served, served.wire() as wire:
        wire.send(b"POST /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"hi")
        assert (await wire.answer()).body == b"POST /p? hi"


async def test_expect_continue_waits_for_the_answers_before_it() -> None:
    opened, handle = gate()
    async with serving(handle) as served, served.wire() as wire:
        wire.send(GET + b"POST /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        opened.set()
        assert (await wire.answer()).body == b"GET /a?b=1 "
        assert await wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"


async def test_an_upgrade_to_something_else_is_an_ordinary_request() -> None:
    h2c = b"GET /a HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    async with serving() as served, served.wire() as wire:
        wire.send(h2c + GET)
        assert (await wire.answer()).body == b"GET /a? "
        assert (await wire.answer()).body == b"GET /a?b=1 "


@pytest.mark.parametrize("later", [False, True])
async def test_what_the_application_raises_is_a_500_without_details(later: bool) -> None:
    async def fail(request: Request) -> Response:
        raise RuntimeError("secret")

    def handle(request: Request) -> Response:
        raise RuntimeError("secret")

    async with serving(fail if later else handle) as served, served.wire() as wire:
        wire.send(GET + GET)
        for _ in range(2):
            answer = await wire.answer()
            assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert [str(error) for error in served.errors] == ["secret", "secret"]


@pytest.mark.parametrize("nonsense", [None, "text", Response(200, "text"), Response(200, b"", "x\r\ny")])  # type: ignore[arg-type]
@pytest.mark.parametrize("later", [False, True])
async def test_what_is_no_answer_is_a_500(nonsense: Any, later: bool) -> None:
    async def answer(request: Request) -> Any:
        return nonsense

    async with serving(answer if later else lambda _: nonsense) as served, served.wire() as wire:
        wire.send(GET + GET)
        assert [(await wire.answer()).status for _ in range(2)] == [500, 500]
    assert len(served.errors) == 2


async def test_a_cancelled_answer_is_a_500() -> None:
    def handle(request: Request) -> asyncio.Future[Response]:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return future

    async with serving(handle) as served, served.wire() as wire:
        wire.send(GET + GET)
        assert [(await wire.answer()).status for _ in range(2)] == [500, 500]


async def test_a_header_with_a_line_break_is_never_sent() -> None:
    bad = Response(200, b"x", headers=(("x-a", "1\r\nset-cookie: a=b"),))
    async with serving(lambda _: bad) as served, served.wire() as wire:
        wire.send(GET)
        answer = await wire.answer()
    assert answer.status == 500
    assert "set-cookie" not in answer.headers
    assert len(served.errors) == 1


async def test_a_client_that_leaves_does_not_disturb_the_work() -> None:
    opened, handle = gate()
    finished: list[str] = []

    async def work(request: Request) -> Response:
        await handle(request)
        finished.append(request.path)
        return Response(200, bytes(10_000_000))

    async with serving(work) as served:
        async with served.wire() as wire:
            wire.send(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
            await until(lambda: served.server.connections)
        opened.set()
        await served.no_connections()
    assert finished[0] == "/1"
    assert served.errors == []


async def test_requests_know_their_peer() -> None:
    async with serving(lambda request: Response(200, f"{request.peer} {request.tls}".encode())) as served:
        assert (await served.ask(b"GET / HTTP/1.0\r\n\r\n")).endswith(b"127.0.0.1 False")


async def test_a_large_answer_reaches_a_slow_reader_whole() -> None:
    body = bytes(range(256)) * 40_000
    async with serving(lambda _: Response(200, body)) as served, served.wire() as wire:
        wire.send(GET * 3)
        for _ in range(3):
            assert (await wire.answer()).body == body
