"""watch: one reader of a queue's events per process, however many listen."""

import asyncio
from collections.abc import Callable

from corral.model.errors import StoreError, StoreUnavailable
from corral.policy.event_ids import latest
from corral.store.events import EventReader, EventStore, QueueEvent

Heard = Callable[[QueueEvent], None]

_BLOCK = 5.0  # seconds one read waits for news
_RETRY = 0.5


class Feeds:
    """Hands every new event of a queue to all who subscribed; reads only queues that somebody watches."""

    def __init__(self, events: EventStore) -> None:
        self._events = events
        self._feeds: dict[str, _Feed] = {}

    async def subscribe(self, queue: str, heard: Heard) -> Callable[[], None]:
        """Call `heard` for each event from now on; returns what ends it. Waits for an engine that is away.

        `heard` runs on the event loop and must not block or raise.
        """
        feed = self._feeds.get(queue)
        if feed is None:
            feed = self._feeds[queue] = _Feed(self._events, queue)
        feed.listeners.append(heard)
        try:
            await feed.started()
        except BaseException:
            self._leave(queue, heard)
            raise
        return lambda: self._leave(queue, heard)

    def watches(self, queue: str) -> bool:
        """Whether the queue is being read and its place in the stream is known."""
        feed = self._feeds.get(queue)
        return feed is not None and feed.is_started

    def _leave(self, queue: str, heard: Heard) -> None:
        feed = self._feeds.get(queue)
        if feed is None or heard not in feed.listeners:
            return
        feed.listeners.remove(heard)
        if not feed.listeners:
            del self._feeds[queue]
            feed.stop()

    async def close(self) -> None:
        feeds, self._feeds = list(self._feeds.values()), {}
        for feed in feeds:
            feed.stop()
        await asyncio.gather(*(feed.stopped() for feed in feeds))


class _Feed:
    """The one reader of one queue. Where it stands is kept over a lost connection, so nothing is skipped."""

    def __init__(self, events: EventStore, queue: str) -> None:
        self.listeners: list[Heard] = []
        self._events = events
        self._queue = queue
        loop = asyncio.get_running_loop()
        self._at: asyncio.Future[str] = loop.create_future()
        self._task = loop.create_task(self._run())

    async def started(self) -> None:
        """Wait until the place in the stream is known, from which on nothing is missed."""
        await asyncio.shield(self._at)

    @property
    def is_started(self) -> bool:
        return self._at.done()

    def stop(self) -> None:
        self._task.cancel()

    async def stopped(self) -> None:
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        reader = self._events.reader(self._queue)
        try:
            after = await self._begin()
            while True:
                after = await self._step(reader, after)
        finally:
            await reader.close()

    async def _begin(self) -> str:
        while True:
            try:
                after = await self._events.last_id(self._queue)
            except (StoreUnavailable, StoreError):
                await asyncio.sleep(_RETRY)
                continue
            if not self._at.done():
                self._at.set_result(after)
            return after

    async def _step(self, reader: EventReader, after: str) -> str:
        try:
            events = await reader.read(after, _BLOCK)
        except (StoreUnavailable, StoreError):
            await asyncio.sleep(_RETRY)
            return after
        for event in events:
            for heard in tuple(self.listeners):
                self._tell(heard, event)
        return latest(after, *(event.id for event in events))  # one that came late does not take it back

    @staticmethod
    def _tell(heard: Heard, event: QueueEvent) -> None:
        try:
            heard(event)
        except Exception as error:  # noqa: BLE001 - one listener's mistake must not make the others deaf
            loop = asyncio.get_running_loop()
            loop.call_exception_handler({"message": f"{heard!r} failed on {event!r}", "exception": error})
