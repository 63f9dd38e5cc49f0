"""What became of the calls of each subscriber: counted in memory, and written down a moment later."""

import asyncio
import contextlib

import msgspec

from corral.model.errors import StoreError, StoreUnavailable
from corral.model.subscriber import Tally
from corral.store.records import RecordStore

_KIND = "delivery-tallies"  # not in the subscribers' own records, which every process would read again each time
_EVERY = 0.25
_decode = msgspec.json.Decoder(Tally).decode
_encode = msgspec.json.Encoder().encode


class _News:
    """What has come since the last time that it was written down."""

    __slots__ = ("failures", "last_at", "reset", "succeeded")

    def __init__(self) -> None:
        self.reset = False
        self.failures = 0
        self.succeeded = 0
        self.last_at: int | None = None

    def add(self, later: "_News") -> None:
        """What has come since this."""
        if later.reset:
            self.reset, self.failures = True, 0
        self.failures += later.failures
        self.succeeded += later.succeeded
        self.last_at = later.last_at or self.last_at

    def after(self, tally: Tally) -> Tally:
        failures = self.failures + (0 if self.reset else tally.failures)
        return Tally(failures, tally.succeeded + self.succeeded, self.last_at or tally.last_at)


class Tallies:
    """Counts over all processes."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._news: dict[str, _News] = {}
        self._writing = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    def succeeded(self, subscriber: str, now: int) -> None:
        news = self._noted(subscriber)
        news.reset, news.failures, news.last_at = True, 0, now
        news.succeeded += 1

    def failed(self, subscriber: str) -> None:
        self._noted(subscriber).failures += 1

    async def restart(self, subscriber: str) -> None:
        """Failures up to now are forgiven. Raises `StoreUnavailable`."""
        news = self._noted(subscriber)
        news.reset, news.failures = True, 0
        await self.write()

    async def of(self, subscriber: str) -> Tally:
        """As it is now. Raises `StoreUnavailable`."""
        await self.write()
        stored = await self._records.get(_KIND, subscriber)
        return Tally() if stored is None else _decode(stored)

    async def all(self) -> dict[str, Tally]:
        await self.write()
        _, stored = await self._records.all(_KIND)
        return {subscriber: _decode(raw) for subscriber, raw in stored.items()}

    async def forget(self, subscriber: str) -> None:
        self._news.pop(subscriber, None)
        stored = await self._records.get(_KIND, subscriber)
        if stored is not None:
            await self._records.swap(_KIND, subscriber, stored, None)

    async def write(self) -> None:
        """Write down what has come. Raises `StoreUnavailable`, and then nothing is lost."""
        async with self._writing:
            while self._news:
                subscriber, news = next(iter(self._news.items()))
                del self._news[subscriber]
                try:
                    await self._add(subscriber, news)
                except BaseException:
                    news.add(self._news.get(subscriber, _News()))
                    self._news[subscriber] = news
                    raise

    async def close(self) -> None:
        if self._later is not None:
            self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable, StoreError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self.write()

    async def _add(self, subscriber: str, news: _News) -> None:
        while True:
            stored = await self._records.get(_KIND, subscriber)
            tally = news.after(Tally() if stored is None else _decode(stored))
            if await self._records.swap(_KIND, subscriber, stored, _encode(tally)):
                return

    def _noted(self, subscriber: str) -> _News:
        if self._later is None or self._later.done():
            self._later = asyncio.get_running_loop().create_task(self._soon())
        return self._news.setdefault(subscriber, _News())

    async def _soon(self) -> None:
        await asyncio.sleep(_EVERY)
        with contextlib.suppress(StoreUnavailable, StoreError):
            await self.write()
