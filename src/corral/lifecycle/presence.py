"""Telling the other processes what the workers here do, so that any of them can answer for all."""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from corral.lifecycle.intake import Clock
from corral.model.errors import StoreError, StoreUnavailable
from corral.model.worker import WorkerInfo
from corral.store.presence import PresenceStore

_EVERY = 5.0
_FAREWELL = 1.0
_records = msgspec.json.Decoder(list[WorkerInfo])


class Presence:
    """Announces this process's workers every five seconds while it has any, and knows those of all."""

    def __init__(self, store: PresenceStore, process: str, here: Callable[[], list[WorkerInfo]], clock: Clock) -> None:
        self._store = store
        self._process = process
        self._here = here
        self._clock = clock
        self._announced = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def workers(self) -> list[WorkerInfo]:
        """Those of this process as they are now, those of others as they were up to five seconds ago."""
        found = dict(await self._store.present(self._clock()))
        found.pop(self._process, None)
        others = [worker for record in found.values() for worker in _records.decode(record)]
        return [*self._here(), *others]

    async def close(self) -> None:
        """Withdraw what was said, if the engine is there to hear it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._announced:
            with contextlib.suppress(StoreUnavailable, StoreError, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self._store.withdraw(self._process)

    async def _run(self) -> None:
        while True:
            workers = self._here()
            if workers or self._announced:
                with contextlib.suppress(StoreUnavailable, StoreError):
                    await self._store.announce(self._process, msgspec.json.encode(workers), self._clock())
                    self._announced = True
            await asyncio.sleep(_EVERY)
