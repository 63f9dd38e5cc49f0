"""What callers add to a queue within one loop tick goes to the engine in one call, and each hears of its own jobs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from corral.model.job import NewJob
from corral.stores.redis.connection import Connection
from corral.stores.redis.run import Value


class Batch:
    """What one tick adds to one queue; `now` is that of the first who adds."""

    __slots__ = ("args", "count", "now", "waiting")

    def __init__(self, now: int) -> None:
        self.now = now
        self.args: list[Value] = []
        self.count = 0
        self.waiting: list[tuple[asyncio.Future[list[str]], int, int]] = []


Send = Callable[[str, Batch], Awaitable[Any]]
"""Hands the batch of a queue to a script that answers the id of the first job; the others follow without a gap."""


class Tick:
    """Gathers jobs until the tick is over, or there are `soon` of them; `args` is what the script takes for each."""

    def __init__(
        self,
        connection: Connection,
        soon: int,
        args: Callable[[NewJob, int], tuple[Value, ...]],
        send: Send,
        stored: Callable[[str, int], None] = lambda queue, count: None,
    ) -> None:
        self._connection = connection
        self._soon = soon
        self._args = args
        self._send = send
        self._stored = stored
        self._batches: dict[str, Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def join(self, queue: str, jobs: Sequence[NewJob], now: int) -> asyncio.Future[list[str]]:
        """The ids in order. Jobs that are added together are never split over two calls."""
        loop = self._loop = self._loop or asyncio.get_running_loop()  # asking costs a system call in Python 3.11
        batch = self._batches.get(queue)
        if batch is None:
            batch = self._batches[queue] = Batch(now)
            loop.call_soon(self._flush, queue, batch)
        added: asyncio.Future[list[str]] = loop.create_future()
        batch.waiting.append((added, batch.count, len(jobs)))
        batch.count += len(jobs)
        for job in jobs:
            batch.args += self._args(job, now)
        if batch.count >= self._soon:
            self._flush(queue, batch)
            self._connection.flush()
        return added

    def go(self, queue: str) -> None:
        """Send what was gathered so far, so that what the caller sends next comes after it."""
        if (batch := self._batches.get(queue)) is not None:
            self._flush(queue, batch)

    def _flush(self, queue: str, batch: Batch) -> None:
        if self._batches.get(queue) is not batch:
            return  # it was sent before its tick was over
        del self._batches[queue]
        sending = asyncio.get_running_loop().create_task(self._settle(queue, batch, self._send(queue, batch)))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _settle(self, queue: str, batch: Batch, reply: Awaitable[Any]) -> None:
        try:
            first = int(await reply)
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller of the batch must hear of it
            for added, _, _ in batch.waiting:
                if not added.done():
                    added.set_exception(error)
            return
        self._stored(queue, batch.count)
        for added, start, count in batch.waiting:
            if not added.done():
                added.set_result([str(first + start + i) for i in range(count)])
