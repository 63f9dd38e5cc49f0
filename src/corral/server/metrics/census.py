"""Everything that is measured, of all queues and processes, as one text."""

import asyncio
from collections.abc import Callable, Mapping

from corral.lifecycle.ledger import Ledger, Row, queue_of
from corral.model.errors import StoreError, StoreUnavailable
from corral.model.queue import QueueInfo
from corral.operations.crew import AllWorkers, list_workers
from corral.operations.services import Services
from corral.policy import measures
from corral.policy.measures import Labels, Metric
from corral.server.metrics.processes import Processes, shown
from corral.store.directory import NameQuery

_PAGE = 500
_MOST = 2_000
_AT_ONCE = 50
_SECONDS = 8.0  # Prometheus waits for ten

Pages = Mapping[str, Mapping[str, Mapping[Labels, Row]]]


class Census:
    """`owner` is the application whose queue of the engine that is."""

    def __init__(self, services: Services, ledger: Ledger, owner: Callable[[str], str], processes: Processes) -> None:
        self._services = services
        self._ledger = ledger
        self._owner = owner
        self._processes = processes

    async def text(self) -> str:
        """The same whichever process is asked. While the engine is away it is about this process alone."""
        try:
            async with asyncio.timeout(_SECONDS):
                parts = await asyncio.gather(self._queues(), self._counted(), self._workers())
                processes = await self._processes.all()
        except (StoreUnavailable, StoreError, TimeoutError):
            return measures.numbers(measures.UP, {(): 0.0}) + shown([self._processes.here()])
        return "".join([measures.numbers(measures.UP, {(): 1.0}), *parts, shown(processes)])

    async def _queues(self) -> str:
        infos = [info for info in await self._infos() if info is not None]
        ended, ages = [], []
        for first in range(0, len(infos), _AT_ONCE):
            some = infos[first : first + _AT_ONCE]
            ended += await asyncio.gather(*(self._ended(info.name) for info in some))
            ages += await asyncio.gather(*(self._age(info) for info in some))
        sizes: dict[Labels, float] = {
            (info.name, state): float(count) for info in infos for state, count in info.counts.items()
        }
        return "".join(
            (
                measures.numbers(measures.SIZE, sizes),
                measures.numbers(measures.PAUSED, {(info.name,): float(info.paused) for info in infos}),
                measures.numbers(measures.OLDEST, {(info.name,): age for info, age in zip(infos, ages, strict=True)}),
                measures.numbers(
                    measures.COMPLETED,
                    {
                        (info.name, self._owner(info.name), status): float(count)
                        for info, counts in zip(infos, ended, strict=True)
                        for status, count in zip(("completed", "failed"), counts, strict=True)
                    },
                ),
            )
        )

    async def _infos(self) -> list[QueueInfo | None]:
        directory, now = self._services.store.directory, self._services.clock()
        found: list[QueueInfo | None] = []
        after: str | None = ""
        while after is not None and len(found) < _MOST:
            names, after = await directory.names(NameQuery(_PAGE, after), now)
            found += await directory.describe(names, now)
        return found

    async def _ended(self, queue: str) -> tuple[int, int]:
        """How many jobs have completed and failed: BullMQ's own counts, of the workers of all programs."""
        read = self._services.store.metrics.read
        completed, failed = await asyncio.gather(read(queue, "completed", 0, 0), read(queue, "failed", 0, 0))
        return completed.meta.count, failed.meta.count

    async def _age(self, info: QueueInfo) -> float:
        waits = [state for state in ("waiting", "prioritized") if info.counts.get(state)]
        if not waits:
            return 0.0
        jobs = self._services.store.jobs
        heads = await asyncio.gather(*(jobs.in_states(info.name, [state], 0, 0, True) for state in waits))
        since = [job.timestamp + (job.delay or 0) for head in heads for job in head]
        return max(0, self._services.clock() - min(since)) / 1000 if since else 0.0

    async def _workers(self) -> str:
        counts: dict[Labels, float] = {}
        for worker in (await list_workers(self._services, AllWorkers())).workers:
            counts[(worker.queue,)] = counts.get((worker.queue,), 0) + 1
        return measures.numbers(measures.WORKERS, counts)

    async def _counted(self) -> str:
        pages = await self._ledger.pages()
        return "".join(_family(metric, self._rows(metric, pages)) for metric in measures.SHARED)

    def _rows(self, metric: Metric, pages: Pages) -> dict[Labels, Row]:
        length = len(metric.bounds) + 2 if metric.kind == "histogram" else 1
        found = {}
        for page, counted in pages.items():
            for labels, row in counted.get(metric.name, {}).items():
                named = self._named(metric, page, labels)
                if len(named) == len(metric.labels) and len(row) == length:
                    found[named] = row
        return found

    def _named(self, metric: Metric, page: str, labels: Labels) -> Labels:
        """With those that the page stands for."""
        queue = queue_of(page)
        if queue is None:
            return labels
        of_page = (queue, self._owner(queue)) if "application" in metric.labels else (queue,)
        return (*of_page, *(label for label in labels if label))


def _family(metric: Metric, rows: Mapping[Labels, Row]) -> str:
    if metric.kind == "histogram":
        return measures.histograms(metric, rows)
    return measures.numbers(metric, {labels: row[0] for labels, row in rows.items()})
