"""Upkeep of the index of job cards: those of jobs that are gone are taken away, a few at a time."""

import asyncio
import contextlib

from corral.lifecycle.intake import Clock
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.store import Store

_EVERY = 1.0  # seconds between two looks of all processes together
_MOST = 5_000  # cards of one look
_AT_ONCE = 1_000


class IndexUpkeep:
    """Any number of processes may run it; one of them looks in each second."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look until `close`."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> int:
        """How many cards went; none when it is another process's turn."""
        turn = await self._store.windows.take("index-upkeep", 1, int(_EVERY * 1000), self._clock())
        if not turn.taken:
            return 0
        return sum([await self._store.job_index.sweep(_AT_ONCE) for _ in range(_MOST // _AT_ONCE)])

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable, StoreError):
                await self.look()
            await asyncio.sleep(_EVERY)
