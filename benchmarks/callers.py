"""Callers that each add their next job, or their next jobs, when the last are stored; for a time, not a number."""

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Order = dict[str, Any]
Add = Callable[[Sequence[int]], Awaitable[object]]
"""Adds one job for each number."""

_MILLION = 1e6


async def add_for_a_time(add: Add, order: Order) -> dict[str, float]:
    """The answer of a benchmark that adds jobs, as that of `node/callers.mjs`."""
    batch = int(order["batch"])
    begun, added = itertools.count(), 0
    stopping = False

    async def caller() -> None:
        nonlocal added
        while not stopping:
            first = next(begun) * batch
            await add(range(first, first + batch))
            added += batch

    running = [asyncio.create_task(caller()) for _ in range(int(order["callers"]))]
    await asyncio.sleep(order["warmUp"])
    before, began, cpu = added, time.perf_counter(), _cpu()
    await asyncio.sleep(order["seconds"])
    jobs, elapsed, used = added - before, time.perf_counter() - began, _cpu() - cpu
    stopping = True
    await asyncio.gather(*running)
    return {"jobs": jobs, "rate": jobs / elapsed, "cpu": _MILLION * used / max(1, jobs), "added": added}


def _cpu() -> float:
    used = os.times()
    return used.user + used.system
