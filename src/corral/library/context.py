"""The context: which engine, which limits, who listens; shared by definitions, workers and orchestrators."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, Self, TypedDict, Unpack, runtime_checkable

from corral.library.handlers import EventHandler, Handlers
from corral.library.naming import parts_of
from corral.lifecycle.intake import Clock
from corral.lifecycle.results import Results
from corral.lifecycle.watch import Feeds
from corral.observe.plain import speak_plainly
from corral.store.store import Store
from corral.wiring.opening import Opened, Place, open_place

_CHANNELS = "channels"
_LOCK_MS = 30_000
_SHORTEST_LOCK_MS = 100
_FAREWELL = 5.0  # seconds that async event handlers have to end


def now_ms() -> int:
    """The wall clock, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@runtime_checkable
class MovableClock(Protocol):
    """A clock that somebody moves, as in a test; who waits for a time has to look again then."""

    def __call__(self) -> int: ...

    def on_move(self, moved: Callable[[], None], /) -> None: ...


class ContextOptions(TypedDict, total=False):
    """`prefix` leads every Redis key, `data_dir` is the folder of the embedded engine, `clock` stands in for the
    wall clock (ms since the epoch). With `migrate` off a Postgres schema that is not up to date is refused."""

    job_post_finalize_delete_secs: float
    job_group_unlock_secs: float
    prefix: str
    data_dir: Path | str
    clock: Clock
    migrate: bool


class Registrable(Protocol):
    """What a context needs of a definition."""

    @property
    def name(self) -> str: ...

    async def register(self) -> None: ...


class Context:
    """Where the jobs are, by the first that is given: a `pool` of asyncpg or psycopg 3, a `dsn`
    (`postgres://`, `redis://`, `rediss://`, `unix://`), or the engine that corral brings along.

    The engine is opened when it is first needed, or by `async with`; `close` lets go of it and leaves a pool of
    yours open. Belongs to one event loop. `schema` is of Postgres alone.
    """

    def __init__(
        self, pool: Any = None, dsn: str | None = None, schema: str | None = None, **options: Unpack[ContextOptions]
    ) -> None:
        self.job_post_finalize_delete_secs = options.get("job_post_finalize_delete_secs", 86_400)
        """Seconds that a finalized job is kept, if an orchestrator runs."""
        self.job_group_unlock_secs = options.get("job_group_unlock_secs", 10_800)
        """The most that a crash can keep a job or its group locked; the lock of a live worker is renewed."""
        self.clock: Clock = options.get("clock", now_ms)
        if isinstance(self.clock, MovableClock):
            self.clock.on_move(self.announce)
        self.handlers = Handlers()
        self.made: list[Registrable] = []
        self.registered: dict[str, Any] = {}
        self.closing: list[Callable[[], Awaitable[None]]] = []
        self._place = Place(
            pool=pool,
            dsn=dsn,
            schema=schema or "bullmq",
            prefix=options.get("prefix", "bull"),
            data_dir=Path(options.get("data_dir", ".corral")),
            migrate=options.get("migrate", True),
        )
        self._opened: Opened | None = None
        self._opening = asyncio.Lock()
        self._channelled: set[str] = set()
        self._news: set[asyncio.Event] = set()

    def add_event_handler(self, handler: EventHandler) -> None:
        """Call `handler` with every event of this context from now on; it may be async."""
        self.handlers.add(handler)

    async def register_all(self) -> None:
        """Register every definition made with this context that is not yet. Raises `InvalidInput` as `register`."""
        for definition in list(self.made):
            if self.registered.get(definition.name) is not definition:
                await definition.register()

    @property
    def opened(self) -> Store | None:
        """The engine, if it is open."""
        return None if self._opened is None else self._opened.store

    async def store(self) -> Store:
        """The engine, opened if it is not yet. Raises `StoreUnavailable`."""
        if self._opened is None:
            async with self._opening:
                if self._opened is None:
                    speak_plainly()
                    self._opened = await open_place(self._place)
                    self.feeds = Feeds(self._opened.store.events)
                    self.results = Results(self._opened.store, self.feeds)
        return self._opened.store

    async def close(self) -> None:
        """Stop the workers and orchestrators that still run, and let go of what was opened here."""
        while self.closing:
            await self.closing.pop()()
        await self.handlers.settle(_FAREWELL)
        opened, self._opened = self._opened, None
        if opened is not None:
            await self.results.close()
            await self.feeds.close()
            await opened.close()

    async def __aenter__(self) -> Self:
        await self.store()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def saw_channel(self, queue: str) -> None:
        """Remember, in the engine too, that this queue of a channel is in use."""
        if queue not in self._channelled:
            await (await self.store()).records.put(_CHANNELS, queue, b"")
            self._channelled.add(queue)
            self.announce()

    async def channelled(self) -> set[str]:
        """Every queue of a channel that anybody has ever enqueued to."""
        _, found = await (await self.store()).records.all(_CHANNELS)
        self._channelled.update(found)
        return self._channelled

    async def queues(self) -> list[str]:
        """Every queue that holds jobs of the registered definitions, on any channel."""
        names = list(self.registered)
        known = await self.channelled()
        return [*names, *(queue for queue in sorted(known) if parts_of(queue)[0] in self.registered)]

    @property
    def lock_ms(self) -> int:
        """How long the lock of a job lives unless it is renewed."""
        return min(_LOCK_MS, max(_SHORTEST_LOCK_MS, round(self.job_group_unlock_secs * 1000)))

    def subscribe(self) -> asyncio.Event:
        """Set at each change of what there is to work on, until `unsubscribe`."""
        news = asyncio.Event()
        self._news.add(news)
        return news

    def unsubscribe(self, news: asyncio.Event) -> None:
        self._news.discard(news)

    def announce(self) -> None:
        for news in self._news:
            news.set()
