"""Coroutines that run without a task."""

import asyncio

import pytest

from corral.server.http.stepped import Stepped


async def test_what_waits_for_nothing_is_done_at_once() -> None:
    async def answer() -> int:
        return 7

    stepped = Stepped(answer())

    assert stepped.done()
    assert stepped.result() == 7
    assert await stepped == 7


async def test_each_wait_is_one_step() -> None:
    first, second = (asyncio.get_running_loop().create_future() for _ in range(2))

    async def answer() -> int:
        one: int = await first
        two: int = await second
        return one + two

    stepped = Stepped(answer())
    called: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stepped.add_done_callback(lambda done: called.set_result(done.result()))
    assert not stepped.done()
    first.set_result(3)
    second.set_result(4)

    assert await asyncio.wait_for(called, 30) == 7


async def test_an_error_is_kept_for_whoever_asks() -> None:
    async def answer() -> None:
        raise ValueError("no")

    stepped = Stepped(answer())

    assert not stepped.cancelled()
    with pytest.raises(ValueError, match="no"):
        stepped.result()


async def test_cancelling_ends_what_it_waits_for() -> None:
    never = asyncio.get_running_loop().create_future()

    async def answer() -> None:
        await never

    stepped = Stepped(answer())
    stepped.cancel()

    with pytest.raises(asyncio.CancelledError):
        await stepped
    assert never.cancelled()
    assert stepped.cancelled()
