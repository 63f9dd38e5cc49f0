"""Stopping at once."""

import asyncio

from corral.wiring.stopping import Stop


async def test_who_wants_to_hear_at_once_hears_before_those_that_wait_and_once() -> None:
    stop = Stop()
    heard: list[str] = []
    stop.at_once(lambda: heard.append("at once"))
    waiting = asyncio.create_task(stop.wait())
    stop.set()
    assert (heard, waiting.done()) == (["at once"], False)
    stop.set()
    await waiting
    assert heard == ["at once"]
