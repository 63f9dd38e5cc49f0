"""Waiting for an engine that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from corral.model.errors import StoreError, StoreUnavailable

T = TypeVar("T")
_RETRY = 0.5


async def until_answered(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer, however long it takes: nothing can be stored without the engine. To be ended by cancelling."""
    while True:
        try:
            return await ask()
        except (StoreUnavailable, StoreError):
            await asyncio.sleep(_RETRY)
