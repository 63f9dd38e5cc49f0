"""What the tests of the library have in common."""

import asyncio
from collections.abc import Callable
from typing import Any

from corral import Context, Metadata
from corral.library.events import Event
from corral.testing.waiting import until

DEADLINE = 30.0


class Events:
    """A handler that remembers."""

    def __init__(self, context: Context) -> None:
        self.all: list[Event] = []
        context.add_event_handler(self.all.append)

    @property
    def types(self) -> list[str]:
        return [event.event_type for event in self.all]

    def of(self, event_type: str) -> list[Any]:
        return [event for event in self.all if event.event_type == event_type]

    async def reach(self, event_type: str, count: int = 1) -> list[Any]:
        """Wait until there are so many of them."""
        await until(lambda: len(self.of(event_type)) >= count, DEADLINE)
        return self.of(event_type)


class Desk:
    """A work function whose runs the test ends: each lies in `started` until its future is done."""

    def __init__(self) -> None:
        self.payloads: list[Any] = []
        self.at_once = self.most_at_once = 0
        self.started: asyncio.Queue[tuple[Metadata, asyncio.Future[Any]]] = asyncio.Queue()

    async def work(self, payload: Any, metadata: Metadata) -> Any:
        self.payloads.append(payload)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        ending: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.started.put_nowait((metadata, ending))
        try:
            return await ending
        finally:
            self.at_once -= 1

    async def take(self) -> tuple[Metadata, "asyncio.Future[Any]"]:
        """The next run, and what ends it."""
        async with asyncio.timeout(DEADLINE):
            return await self.started.get()


class Recorder:
    """A work function that does nothing but remember."""

    def __init__(self, fail: Callable[[Any], bool] = lambda payload: False) -> None:
        self.payloads: list[Any] = []
        self.metadata: list[Metadata] = []
        self._fail = fail

    async def work(self, payload: Any, metadata: Metadata) -> str:
        self.payloads.append(payload)
        self.metadata.append(metadata)
        if self._fail(payload):
            raise ValueError(f"no {payload}")
        return f"did {payload}"

    async def reach(self, count: int) -> list[Any]:
        """Wait until it has run so often."""
        await until(lambda: len(self.payloads) >= count, DEADLINE)
        return self.payloads
