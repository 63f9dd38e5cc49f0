"""Telling events to handlers: in their order, each safe from the mistakes of the others."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from corral.library.events import Event
from corral.observe import log

EventHandler = Callable[[Event], Awaitable[None] | None]
"""Sync or async. What it raises is logged and goes no further."""


class Handlers:
    """Sync handlers run at once; async ones are started in order and finish by themselves."""

    def __init__(self) -> None:
        self._handlers: list[EventHandler] = []
        self._running: set[asyncio.Future[None]] = set()

    def __bool__(self) -> bool:
        """Whether anybody listens; ask before making an event on a hot path."""
        return bool(self._handlers)

    def add(self, handler: EventHandler) -> None:
        self._handlers.append(handler)

    def tell(self, event: Event) -> None:
        for handler in self._handlers:
            try:
                running = handler(event)
            except Exception as error:  # noqa: BLE001 - a handler must not stop the work that it hears of
                log.unexpected(f"the event handler {handler!r}", error)
                continue
            if inspect.isawaitable(running):
                task = asyncio.ensure_future(_finish(handler, running))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def settle(self, timeout: float) -> None:
        """Wait for the async handlers that still run; what is left after `timeout` seconds is cancelled."""
        running = list(self._running)
        if running:
            _, left = await asyncio.wait(running, timeout=timeout)
            for task in left:
                task.cancel()


async def _finish(handler: EventHandler, running: Awaitable[None]) -> None:
    try:
        await running
    except Exception as error:  # noqa: BLE001 - as above
        log.unexpected(f"the event handler {handler!r}", error)
