"""How this process runs schedules: one worker for each application's queue of them."""

import asyncio
import contextlib
from functools import partial

from corral.delivery.guarded import GuardedClient
from corral.delivery.schedule_calls import ScheduleCalls
from corral.lifecycle.intake import Clock
from corral.lifecycle.schedule_cards import with_cards
from corral.lifecycle.schedules import Schedules
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.store import Store
from corral.wiring.hiring import house_worker
from corral.wiring.settings import Settings
from corral.worker.run import Runner
from corral.worker.worker import Worker

_CONCURRENCY = 5
_EVERY = 0.25
_MEND_MS = 60_000  # between two looks of all processes together
_LOOK_MS = 10_000  # after which a process asks whether it is its turn


class Scheduling:
    """Works the queues in which there are schedules; without any it costs nothing."""

    def __init__(self, store: Store, schedules: Schedules, settings: Settings, clock: Clock) -> None:
        self._store = with_cards(store, schedules)
        self._schedules = schedules
        self._settings = settings
        self._clock = clock
        self._client = GuardedClient(settings.allowed_targets)
        self.calls = ScheduleCalls(store, schedules, self._client, clock)
        self._workers: dict[str, Worker] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._asked = 0

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self, grace: float) -> None:
        """Let running calls end within `grace` seconds."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        stopping = [worker.stop(grace) for worker in self._workers.values()]
        self._workers.clear()
        await asyncio.gather(*stopping, *self._leaving, return_exceptions=True)
        await self._client.close()

    async def _run(self) -> None:
        while True:
            self._converge({one.queue for one in self._schedules.kept.all().values()})
            with contextlib.suppress(StoreUnavailable, StoreError):
                await self._mend()
            await asyncio.sleep(_EVERY)

    async def _mend(self) -> None:
        now = self._clock()
        if not self._workers or now - self._asked < _LOOK_MS:
            return
        self._asked = now
        turn = await self._store.windows.take("schedules-mending", 1, _MEND_MS, now)
        if turn.taken:
            await self._schedules.mend(now)

    def _converge(self, queues: set[str]) -> None:
        for queue in [queue for queue in self._workers if queue not in queues]:
            leaving = asyncio.get_running_loop().create_task(
                self._workers.pop(queue).stop(self._settings.shutdown_timeout)
            )
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        for queue in queues - self._workers.keys():
            self._workers[queue] = self._hire(queue)
            self._workers[queue].start()

    def _hire(self, queue: str) -> Worker:
        runner: Runner = partial(self.calls.run, queue)
        if self._settings.traces:
            from corral.wiring.tracing import traced_runner  # others can do without OpenTelemetry

            runner = traced_runner(queue, runner)
        self._store.directory.saw(queue)
        return house_worker(self._store, queue, runner, _CONCURRENCY, self._settings, self._clock)
