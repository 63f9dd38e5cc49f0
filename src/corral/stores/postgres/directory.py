"""`DirectoryStore` on Postgres: BullMQ's own tables, gone through from queue to queue."""

import asyncio
from collections.abc import Sequence

import msgspec

from corral.model.errors import StoreError, StoreUnavailable
from corral.model.queue import JobsPerMinute, MetricsMeta, QueueInfo
from corral.policy.metrics import last_minute
from corral.policy.name_pattern import matcher
from corral.store.directory import NameQuery
from corral.stores.postgres.database import Database, Row
from corral.stores.postgres.finished_counts import Finished, FinishedCounts
from corral.stores.postgres.queue_limits import limiter, whole

_KNOWN = 100_000  # names remembered as noted
_CHUNK, _CHUNKS = 500, 20  # names that one list goes through for those that fit
_MAX_EVENTS = "10000"  # what BullMQ keeps of a queue's events unless told otherwise
_UNFINISHED = ("waiting", "prioritized", "active", "delayed", "waiting-children")
_settings = msgspec.json.Decoder(dict[str, str | None]).decode


class PostgresDirectory:
    """Fulfils `store.directory.DirectoryStore`. A queue of another program is found at once."""

    def __init__(self, database: Database, finished: FinishedCounts) -> None:
        self._database = database
        self._finished = finished
        self._known: set[str] = set()
        self._noting: set[asyncio.Task[None]] = set()

    def saw(self, queue: str) -> None:
        if queue in self._known:
            return
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known.add(queue)
        task = asyncio.get_running_loop().create_task(self._note(queue))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def names(self, query: NameQuery, now: int) -> tuple[list[str], str | None]:
        await self.settled()
        fits = matcher(query.pattern)
        found: list[str] = []
        after = query.after
        for _ in range(_CHUNKS):
            chunk = [row["name"] for row in await self._database.rows("queue_names", after, _CHUNK, repeat=True)]
            for name in filter(fits, chunk):
                if len(found) == query.limit:
                    return found, found[-1]
                found.append(name)
            if len(chunk) < _CHUNK:
                return found, None
            after = chunk[-1]
        return found, after

    async def describe(self, queues: Sequence[str], now: int) -> list[QueueInfo | None]:
        await self.settled()
        rows, finished = await asyncio.gather(
            self._database.rows("describe", list(queues), repeat=True), self._finished.of(queues)
        )
        return [_info(row, ended, now) for row, ended in zip(rows, finished, strict=True)]

    async def forget(self, queues: Sequence[str]) -> None:
        self._known.difference_update(queues)

    async def close(self) -> None:
        for task in self._noting:
            task.cancel()
        await asyncio.gather(*self._noting, return_exceptions=True)

    async def settled(self) -> None:
        """What this process has noted is found."""
        if self._noting:
            await asyncio.wait(self._noting)

    async def _note(self, queue: str) -> None:
        """As BullMQ's programs do, so that a queue is there also while it holds no job."""
        try:
            await self._database.rows("saw_queue", queue, _MAX_EVENTS, repeat=True)
        except (StoreUnavailable, StoreError):
            self._known.discard(queue)


def _info(row: Row, finished: Finished, now: int) -> QueueInfo | None:
    counts = {state: row[state.replace("-", "_")] for state in _UNFINISHED}
    counts |= {"completed": finished.completed, "failed": finished.failed}
    if row["settings"] is None and not any(counts.values()):
        return None
    settings = _settings(row["settings"] or "{}")
    return QueueInfo(
        name=row["name"],
        paused="paused" in settings,
        counts=counts,
        concurrency=whole(settings.get("concurrency")),
        rate_limit=limiter(settings),
        per_minute=JobsPerMinute(_last_minute(row, "completed", now), _last_minute(row, "failed", now)),
        max_len_events=whole(settings.get("opts.maxLenEvents")),
        version=settings.get("version"),
    )


def _last_minute(row: Row, ending: str, now: int) -> int:
    meta = MetricsMeta(row[f"{ending}_count"] or 0, row[f"{ending}_ts"] or 0, row[f"{ending}_prev"] or 0)
    return last_minute(meta, row[f"{ending}_newest"] or 0, now)
