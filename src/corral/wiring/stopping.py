"""The wish that a process end."""

import asyncio
from collections.abc import Callable


class Stop(asyncio.Event):
    """An event that some hear of at once, who must not go on until the loop comes to those that wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[Callable[[], None]] = []

    def at_once(self, call: Callable[[], None]) -> None:
        """Have it called when the event is set."""
        self._calls.append(call)

    def set(self) -> None:
        if not self.is_set():
            for call in self._calls:
                call()
        super().set()
