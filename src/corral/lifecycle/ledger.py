"""What processes count, added up in the engine, so that whoever is asked tells of all.

Each process counts in memory and adds what is new to the records of the engine every two seconds. Nothing is counted
twice when a process ends or starts again; one that is killed takes at most its last two seconds with it.
"""

import asyncio
import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence

import msgspec

from corral.model.errors import StoreError, StoreUnavailable
from corral.policy.measures import SUBMITTED, Metric
from corral.store.records import RecordStore

_KIND = "measures"
_EVERY = 2.0
_AT_ONCE = 50
_CLOSING = 1.0

Row = list[float]
"""The number of a counter, or the buckets of a histogram and the sum of what is in them."""

Page = dict[str, dict[str, Row]]
"""By metric, and by its labels, separated by `_BETWEEN`."""

Key = tuple[str, Metric, tuple[str, ...]]
"""Page, metric and labels."""

_BETWEEN = "\x1f"
_QUEUE = "queue:"
_decode = msgspec.json.Decoder(Page).decode
_encode = msgspec.json.Encoder().encode


class Histogram:
    """Values (seconds) since the row was taken away the last time."""

    __slots__ = ("bounds", "row")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.row: Row = [0.0] * (len(bounds) + 2)

    def saw(self, seconds: float) -> None:
        row = self.row
        row[bisect_left(self.bounds, seconds)] += 1
        row[-1] += seconds

    def take(self) -> Row:
        """What is in it, which is not in it any more."""
        row, self.row = self.row, [0.0] * len(self.row)
        return row


class Ledger:
    """One page for each queue, and one for each other thing that is counted."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._news: dict[str, Page] = {}
        self._histograms: dict[Key, Histogram] = {}
        self._series: list[Callable[[], Mapping[Key, list[float]]]] = []
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    def count(self, page: str, metric: Metric, *labels: str) -> None:
        """One more."""
        self._add(page, metric.name, _BETWEEN.join(labels), [1.0])

    def submitted(self, queue: str, count: int) -> None:
        """So many more jobs were added."""
        self._add(page_of(queue), SUBMITTED.name, "", [float(count)])

    def gather(self, taken: Callable[[], Mapping[Key, list[float]]]) -> None:
        """Ask from now on for lists of values (seconds), where even a histogram is too slow."""
        self._series.append(taken)

    def histogram(self, page: str, metric: Metric, *labels: str) -> Histogram:
        """The one that is open now. Those of queues are to be asked for each time: they go when nothing comes."""
        found = self._histograms.get((page, metric, labels))
        if found is None:
            found = self._histograms[page, metric, labels] = Histogram(metric.bounds)
        return found

    async def write(self) -> None:
        """Add what is new to what is in the engine. Raises `StoreUnavailable`, and then nothing is lost."""
        async with self._writing:
            self._collect()
            names = list(self._news)
            for first in range(0, len(names), _AT_ONCE):
                await asyncio.gather(*(self._write(name) for name in names[first : first + _AT_ONCE]))

    async def pages(self) -> dict[str, dict[str, dict[tuple[str, ...], Row]]]:
        """What all processes have counted, by page, metric and labels. Raises `StoreUnavailable`."""
        await self.write()
        _, stored = await self._records.all(_KIND)
        found = {}
        for name, raw in stored.items():
            with contextlib.suppress(msgspec.MsgspecError):
                found[name] = {
                    metric: {tuple(labels.split(_BETWEEN)): row for labels, row in rows.items()}
                    for metric, rows in _decode(raw).items()
                }
        return found

    async def forget(self, page: str) -> None:
        """It is about something that is gone. Raises `StoreUnavailable`."""
        async with self._writing:
            self._collect()
            self._news.pop(page, None)
            while (stored := await self._records.get(_KIND, page)) is not None:
                if await self._records.swap(_KIND, page, stored, None):
                    return

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable, StoreError, TimeoutError):
            async with asyncio.timeout(_CLOSING):
                await self.write()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            with contextlib.suppress(StoreUnavailable, StoreError):
                await self.write()

    def _collect(self) -> None:
        for (page, metric, labels), histogram in list(self._histograms.items()):
            row = histogram.take()
            if any(row):
                self._add(page, metric.name, _BETWEEN.join(labels), row)
            elif page.startswith(_QUEUE):
                del self._histograms[page, metric, labels]
        for series in self._series:
            for (page, metric, labels), seconds in series().items():
                self._add(page, metric.name, _BETWEEN.join(labels), _row(metric.bounds, seconds))

    def _add(self, page: str, metric: str, labels: str, row: Row) -> None:
        rows = self._news.setdefault(page, {}).setdefault(metric, {})
        rows[labels] = _sum(rows.get(labels), row)

    async def _write(self, name: str) -> None:
        news = self._news.pop(name)
        try:
            while True:
                stored = await self._records.get(_KIND, name)
                if await self._records.swap(_KIND, name, stored, _encode(_merged(stored, news))):
                    return
        except BaseException:
            for metric, rows in news.items():
                for labels, row in rows.items():
                    self._add(name, metric, labels, row)
            raise


def page_of(queue: str) -> str:
    """The page of a queue, whose metrics leave out the labels that tell which one it is."""
    return f"{_QUEUE}{queue}"


def queue_of(page: str) -> str | None:
    """The other way round; None for a page about something else."""
    return page.removeprefix(_QUEUE) if page.startswith(_QUEUE) else None


def _merged(stored: bytes | None, news: Page) -> Page:
    page: Page = {}
    if stored is not None:
        with contextlib.suppress(msgspec.MsgspecError):  # of a newer corral: begin anew, as after a restart
            page = _decode(stored)
    for metric, rows in news.items():
        known = page.setdefault(metric, {})
        for labels, row in rows.items():
            known[labels] = _sum(known.get(labels), row)
    return page


def _row(bounds: Sequence[float], seconds: list[float]) -> Row:
    """The values as those of a histogram."""
    seconds.sort()
    ends = [*(bisect_right(seconds, bound) for bound in bounds), len(seconds)]
    return [*(float(end - start) for start, end in zip([0, *ends], ends, strict=False)), sum(seconds)]


def _sum(one: Row | None, other: Row) -> Row:
    """Rows of another length have other bounds, which were changed."""
    if one is None or len(one) != len(other):
        return other
    return [a + b for a, b in zip(one, other, strict=True)]
