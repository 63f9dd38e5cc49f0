import asyncio

import pytest

from corral.endpoints.http import CallFailed, CallTimeout, HttpPool, Limits
from tests.endpoints.origin import AMPLE, HANG, SOON, Origin, post, reply, then_close, then_reset, when

OK = reply(b"fine")
NO_LENGTH = b"HTTP/1.1 200 OK\r\n\r\nto the e"


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200",
        reply(b"", content_length="9") + b"some",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nsom",
    ],
    ids=["status line", "length", "chunk"],
)
async def test_a_response_cut_short_fails_the_call(pool: HttpPool, start: bytes) -> None:
    async with Origin(OK, then_close(start), OK) as origin:
        await post(pool, origin)
        with pytest.raises(CallFailed, match="in the middle of the response"):
            await post(pool, origin)
        assert len(origin.requests) == 2


async def test_a_body_without_length_lasts_until_the_connection_ends(pool: HttpPool) -> None:
    async with Origin(then_close(NO_LENGTH + b"nd"), OK) as origin:
        assert await post(pool, origin) == b"to the end"
        assert await post(pool, origin) == b"fine"


async def test_a_reset_does_not_end_a_body_without_length(pool: HttpPool) -> None:
    async with Origin(then_reset(NO_LENGTH)) as origin:
        with pytest.raises(CallFailed, match=r"in the middle|without a response"):
            await post(pool, origin)


async def test_no_response_in_time(pool: HttpPool) -> None:
    async with Origin(OK, HANG) as origin:
        await post(pool, origin)  # the connection that is used again
        with pytest.raises(CallTimeout, match=f"no response from {origin.authority} in time"):
            await post(pool, origin, timeout=SOON)
        await origin.until(lambda: origin.closed == 1)


async def test_half_of_the_headers_in_time_is_not_enough(pool: HttpPool) -> None:
    async with Origin(b"HTTP/1.1 200 OK\r\ncontent-le") as origin:
        with pytest.raises(CallTimeout):
            await post(pool, origin, timeout=SOON)


async def test_an_interim_response_does_not_stop_the_clock(pool: HttpPool) -> None:
    async with Origin(b"HTTP/1.1 103 Early Hints\r\n\r\n") as origin:
        with pytest.raises(CallTimeout):
            await post(pool, origin, timeout=SOON)


async def test_a_second_call_has_its_own_time(pool: HttpPool) -> None:
    async with Origin(OK, HANG) as origin:
        await post(pool, origin, timeout=AMPLE)
        with pytest.raises(CallTimeout):
            await post(pool, origin, timeout=SOON)


async def test_the_timeout_does_not_cover_the_body(pool: HttpPool) -> None:
    go = asyncio.Event()
    async with Origin(when(go, reply(b"", content_length="4"), b"late"), HANG) as origin:
        call = asyncio.create_task(post(pool, origin, timeout=0.5))
        await origin.until(lambda: len(origin.requests) == 1)
        with pytest.raises(CallTimeout):
            await post(pool, origin, timeout=0.6)
        go.set()
        assert await call == b"late"


async def test_a_body_that_stalls_fails_the_call() -> None:
    async with Origin(reply(b"", content_length="4") + b"la") as origin, HttpPool(Limits(pause=SOON)) as pool:
        with pytest.raises(CallFailed, match=r"the response body stalled for 0\.02 seconds"):
            await post(pool, origin)
        await origin.until(lambda: origin.closed == 1)


async def test_a_body_over_the_limit_fails_the_call() -> None:
    async with Origin(reply(bytes(5000)), reply(bytes(4000))) as origin, HttpPool(Limits(body=4000)) as pool:
        with pytest.raises(CallFailed, match="larger than 4000 bytes"):
            await post(pool, origin)
        assert await post(pool, origin) == bytes(4000)


async def test_big_bodies_go_both_ways(pool: HttpPool) -> None:
    big = b"0123456789abcdef" * 2**17
    async with Origin(reply(big)) as origin:
        assert await post(pool, origin, big) == big
        assert origin.requests[0].body == big


async def test_cancelling_closes_the_connection(pool: HttpPool) -> None:
    async with Origin(OK, HANG, OK) as origin:
        await post(pool, origin)
        call = asyncio.create_task(post(pool, origin))
        await origin.until(lambda: len(origin.requests) == 2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await origin.until(lambda: origin.closed == 1)
        assert await post(pool, origin) == b"fine"


async def test_what_is_not_http_fails_the_call(pool: HttpPool) -> None:
    async with Origin(b"SSH-2.0-OpenSSH\r\n") as origin:
        with pytest.raises(CallFailed, match="the response is not valid HTTP"):
            await post(pool, origin)
        await origin.until(lambda: origin.closed == 1)
