import asyncio

import pytest

from corral.endpoints.http import CallFailed, HttpPool, Limits
from tests.endpoints.origin import (
    AMPLE,
    HANG,
    SOON,
    Answer,
    Origin,
    post,
    reply,
    then_close,
    then_reset,
    when,
)

OK = reply(b"fine")


async def test_a_reply_has_status_reason_headers_and_body(pool: HttpPool) -> None:
    async with Origin(reply(b"{}", "201 Made It", Content_Type="application/json")) as origin:
        got = await pool.request("POST", f"{origin.url}a?b=1#c", {"X-Y": "z"}, b"body", timeout=AMPLE)

    assert (got.status, got.reason, got.body) == (201, "Made It", b"{}")
    assert got.headers == {b"content-length": b"2", b"content-type": b"application/json"}
    request = origin.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/a?b=1", b"body")
    assert request.headers["host"] == origin.authority
    assert request.headers["x-y"] == "z"


async def test_a_connection_is_used_again(pool: HttpPool) -> None:
    async with Origin(OK) as origin:
        for _ in range(3):
            assert await post(pool, origin) == b"fine"
        assert origin.opened == 1


async def test_calls_at_the_same_time_have_a_connection_each(pool: HttpPool) -> None:
    go = asyncio.Event()
    async with Origin(when(go, b"", OK)) as origin:
        calls = [asyncio.create_task(post(pool, origin)) for _ in range(5)]
        await origin.until(lambda: len(origin.requests) == 5)
        go.set()
        assert await asyncio.gather(*calls) == [b"fine"] * 5
        assert origin.opened == 5


async def test_a_free_connection_closes_after_the_idle_time() -> None:
    async with Origin(OK) as origin, HttpPool(Limits(idle=SOON)) as pool:
        await post(pool, origin)
        await origin.until(lambda: origin.closed == 1)
        assert await post(pool, origin) == b"fine"
        assert origin.opened == 2


@pytest.mark.parametrize(
    "last",
    [
        reply(b"fine", Connection="close"),
        b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine",
        OK + b"HTTP/1.1 2",
    ],
    ids=["connection close", "HTTP/1.0", "bytes after the reply"],
)
async def test_a_connection_that_is_not_kept_is_not_used_again(pool: HttpPool, last: bytes) -> None:
    async with Origin(last, OK) as origin:
        assert [await post(pool, origin) for _ in range(2)] == [b"fine", b"fine"]
        assert origin.opened == 2


async def test_a_kept_connection_that_the_server_closed_is_not_used(pool: HttpPool) -> None:
    async with Origin(then_close(OK), OK) as origin:
        await post(pool, origin)
        await origin.until(lambda: origin.closed == 1)
        assert await post(pool, origin) == b"fine"
        assert len(origin.requests) == 2


async def test_what_a_server_says_unasked_ends_the_connection(pool: HttpPool) -> None:
    late = asyncio.Event()
    async with Origin(when(late, OK, reply(status="408 Request Timeout")), OK) as origin:
        await post(pool, origin)
        late.set()
        await origin.until(lambda: origin.closed == 1)
        assert await post(pool, origin) == b"fine"


@pytest.mark.parametrize("drop", [then_close(b""), then_reset(b"")], ids=["close", "reset"])
class TestAConnectionThatEndsWithoutAReply:
    async def test_fails_the_call_when_it_is_new(self, pool: HttpPool, drop: Answer) -> None:
        async with Origin(drop, OK) as origin:
            with pytest.raises(CallFailed, match=f"{origin.port} closed the connection without a response"):
                await post(pool, origin)
            assert len(origin.requests) == 1

    async def test_is_replaced_once_when_it_was_kept(self, pool: HttpPool, drop: Answer) -> None:
        async with Origin(OK, drop, OK) as origin:
            await post(pool, origin)
            assert await post(pool, origin, b"again") == b"fine"
            assert [request.body for request in origin.requests] == [b"x", b"again", b"again"]

    async def test_is_not_replaced_twice(self, pool: HttpPool, drop: Answer) -> None:
        async with Origin(OK, drop, drop, OK) as origin:
            await post(pool, origin)
            with pytest.raises(CallFailed, match="without a response"):
                await post(pool, origin)
            assert len(origin.requests) == 3


class TestClosing:
    async def test_ends_free_connections_and_calls_under_way(self) -> None:
        pool = HttpPool()
        async with Origin(OK, HANG) as origin:
            await post(pool, origin)
            calls = [asyncio.create_task(post(pool, origin)) for _ in range(2)]
            await origin.until(lambda: len(origin.requests) == 3)
            pool.close()
            for call in calls:
                with pytest.raises(CallFailed, match="was closed here"):
                    await call
            await origin.until(lambda: origin.closed == 2)

    async def test_refuses_calls_made_later(self) -> None:
        pool = HttpPool()
        async with Origin(OK) as origin:
            await post(pool, origin)
            pool.close()
            with pytest.raises(CallFailed, match="closed"):
                await post(pool, origin)
