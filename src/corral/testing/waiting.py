"""Waiting for a condition that nobody signals, such as the end of a foreign process. Only for tests.

These are the only pollers that a test may use: where there is an event to wait on, wait on that.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

INTERVAL_SECONDS = 0.005


@overload
async def until(predicate: Callable[[], Awaitable[T]], timeout: float = 30.0) -> T: ...


@overload
async def until(predicate: Callable[[], T], timeout: float = 30.0) -> T: ...


async def until(predicate: Callable[[], Any], timeout: float = 30.0) -> Any:
    """The first true answer of `predicate`, which may be async.

    Raises TimeoutError, with the last answer in its text, after `timeout` seconds.
    """
    last: Any = None
    try:
        async with asyncio.timeout(timeout):
            while True:
                answer = predicate()
                last = await answer if inspect.isawaitable(answer) else answer
                if last:
                    return last
                await asyncio.sleep(INTERVAL_SECONDS)
    except TimeoutError:
        raise TimeoutError(f"not so within {timeout} s, last seen: {last!r}") from None


def until_blocking(predicate: Callable[[], T], timeout: float = 30.0) -> T:
    """The same for where there is no event loop."""
    deadline = time.monotonic() + timeout
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {timeout} s, last seen: {answer!r}")
        time.sleep(INTERVAL_SECONDS)  # between two looks; a thread without a loop has nothing to await
    return answer
