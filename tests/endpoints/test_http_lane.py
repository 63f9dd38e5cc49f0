import asyncio

import pytest

from corral.endpoints.http import CallTimeout, HttpPool, Limits
from tests.endpoints.origin import HANG, SOON, Origin, post, reply, when

OK = reply(b"fine")


class TestTheLimitOfConnections:
    async def test_makes_calls_wait_for_a_free_one(self) -> None:
        go = asyncio.Event()
        async with Origin(when(go, b"", OK)) as origin, HttpPool(Limits(connections=2)) as pool:
            calls = [asyncio.create_task(post(pool, origin)) for _ in range(5)]
            await origin.until(lambda: len(origin.requests) == 2)
            go.set()
            assert await asyncio.gather(*calls) == [b"fine"] * 5
            assert origin.opened == 2

    async def test_waiting_counts_as_time(self) -> None:
        async with Origin(HANG) as origin, HttpPool(Limits(connections=1)) as pool:
            first = asyncio.create_task(post(pool, origin))
            await origin.until(lambda: len(origin.requests) == 1)
            with pytest.raises(CallTimeout, match=f"no connection to {origin.authority} in time"):
                await post(pool, origin, timeout=SOON)
            first.cancel()

    async def test_a_closed_connection_makes_room(self) -> None:
        go = asyncio.Event()
        closing = when(go, b"", reply(b"fine", Connection="close"))
        async with Origin(closing) as origin, HttpPool(Limits(connections=1)) as pool:
            calls = [asyncio.create_task(post(pool, origin)) for _ in range(3)]
            await origin.until(lambda: len(origin.requests) == 1)
            go.set()
            assert await asyncio.gather(*calls) == [b"fine"] * 3
            assert origin.opened == 3

    async def test_a_cancelled_waiter_passes_its_turn_on(self) -> None:
        go = asyncio.Event()
        async with Origin(when(go, b"", OK)) as origin, HttpPool(Limits(connections=1)) as pool:
            calls = [asyncio.create_task(post(pool, origin)) for _ in range(3)]
            await origin.until(lambda: len(origin.requests) == 1)
            calls[1].cancel()
            go.set()
            assert await calls[0] == await calls[2] == b"fine"

    async def test_a_waiter_cancelled_when_served_passes_its_turn_on(self) -> None:
        go = asyncio.Event()
        async with Origin(when(go, b"", OK)) as origin, HttpPool(Limits(connections=1)) as pool:
            calls = [asyncio.create_task(post(pool, origin)) for _ in range(3)]
            calls[0].add_done_callback(lambda _: calls[1].cancel())
            await origin.until(lambda: len(origin.requests) == 1)
            go.set()
            assert await calls[2] == b"fine"
