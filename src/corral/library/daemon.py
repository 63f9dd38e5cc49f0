"""What workers and orchestrators share: how they start, wait and stop."""

import asyncio
from abc import ABC, abstractmethod
from typing import Self

from corral.library.context import Context
from corral.observe import log

_AGAIN = 0.5  # seconds until a daemon that made a mistake begins anew


class Daemon(ABC):
    """Works from its start to `stop`; a mistake of its own ends nothing."""

    grace: float | None = None

    def __init__(self, context: Context) -> None:
        self.context = context
        self.stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self.start()

    def start(self) -> None:
        """Begin, unless it runs already; returns at once."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._lasting())
            self.context.closing.append(self.stop)

    async def run(self) -> None:
        """Begin, and return when it has stopped."""
        self.start()
        assert self._task is not None
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def stop(self, grace_secs: float | None = None) -> None:
        """Begin nothing new and return when what runs has ended and is stored.

        After `grace_secs`, if given, what still runs is cancelled; it is taken up again when its lock has run out.
        """
        self.grace = grace_secs
        self.stopping.set()
        if self.stop in self.context.closing:
            self.context.closing.remove(self.stop)
        if self._task is not None:
            await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _lasting(self) -> None:
        while not self.stopping.is_set():
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the jobs have to go on
                log.unexpected(f"a {type(self).__name__.lower()}", error)
                await self._pause(self.stopping, _AGAIN)

    @abstractmethod
    async def _work(self) -> None:
        """One life of it: until it is to stop, or something breaks."""

    async def _pause(self, news: asyncio.Event, seconds: float) -> None:
        """Until there are news, it is to stop, or the seconds are over."""
        waiting = [asyncio.ensure_future(event.wait()) for event in {news, self.stopping}]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
