"""Counting in windows of time, over all processes, such as the requests of one key in a minute."""

from typing import Protocol

import msgspec


class Count(msgspec.Struct, frozen=True):
    """`used` in this window, and the milliseconds until it ends. `taken` is false when it would have been too many."""

    taken: bool
    used: int
    left_ms: int


class WindowStore(Protocol):
    """One round trip each. A window begins with the first thing that is counted in it."""

    async def take(self, name: str, most: int, window_ms: int, now: int, amount: int = 1) -> Count:
        """Count `amount` more, unless that makes more than `most`: then nothing is counted."""
        ...

    async def give_back(self, name: str, amount: int) -> None:
        """Count `amount` less in the window that is open."""
        ...
