"""A worker: keeps up to `concurrency` jobs of one queue running, and their outcomes stored."""

import asyncio
from typing import Any, Protocol

import msgspec

from corral.lifecycle.intake import Clock, Intake
from corral.lifecycle.renew import LockKeeper
from corral.lifecycle.rescue import Rescuer
from corral.lifecycle.schedule import advance
from corral.model.errors import CorralError, StoreError, StoreUnavailable
from corral.model.job import ClaimedJob
from corral.store.jobs import Claim, ClaimRequest, Finished
from corral.store.store import Store
from corral.worker.run import Runner, run

_RETRY = 0.5  # seconds between tries while the engine is away
_TRIES = 40


class WorkerSettings(msgspec.Struct, frozen=True):
    """How one worker works. Times in milliseconds; retention as BullMQ takes it, `None` keeps every job."""

    owner: str
    """Begins the token of every lock; no two workers share it."""
    concurrency: int = 1
    limiter: tuple[int, int] | None = None
    remove_on_complete: Any = None
    remove_on_fail: Any = None
    max_stalled: int = 1
    lock_ms: int = 30_000
    stalled_ms: int = 30_000
    name: str | None = None


class Listener(Protocol):
    """Whoever writes the log."""

    def lock_lost(self, queue: str, job_id: str) -> None: ...
    def stalled(self, queue: str, job_id: str) -> None: ...
    def not_advanced(self, queue: str, job_id: str, why: Exception) -> None: ...
    def not_stored(self, queue: str, job_id: str, why: Exception) -> None: ...


class Worker:
    """Runs until `stop`. At least once: an outcome is dropped only when somebody else has the job by now."""

    def __init__(
        self,
        store: Store,
        queue: str,
        call: Runner,
        settings: WorkerSettings,
        *,
        clock: Clock,
        listener: Listener,
    ) -> None:
        self.queue = queue
        self._jobs = store.jobs
        self._settings = settings
        self._clock = clock
        self._listener = listener
        self._call = call
        self._store = store
        self._serial = 0
        self._running: set[asyncio.Task[None]] = set()
        self._occupied = 0
        self._ended: list[Finished] = []
        self._awake = asyncio.Event()
        self._stopping = False
        self._intake = Intake(store.jobs.waiter(queue, settings.name), clock, self._awake.set)
        self._keeper = LockKeeper(store.jobs, queue, settings.lock_ms, listener.lock_lost)
        self._rescuer = Rescuer(store.jobs, queue, settings.stalled_ms, clock, listener.stalled)
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin claiming; returns at once."""
        start = asyncio.get_running_loop().create_task
        self._loops = [
            start(self._main()),
            start(self._keeper.run()),
            start(self._rescuer.run(self._settings.max_stalled)),
        ]

    @property
    def busy(self) -> int:
        """Jobs that are running or whose outcome is not stored yet."""
        return self._occupied + len(self._ended)

    async def stop(self, grace: float) -> None:
        """Claim no more, let the running jobs end within `grace` seconds, and let go of everything.

        A job that did not end keeps its lock until that runs out, and is then rescued by another worker.
        """
        self._stopping = True
        self._awake.set()
        if self._loops:
            await asyncio.wait(self._loops[:1], timeout=grace)
        for task in [*self._loops, *self._running]:
            task.cancel()
        await asyncio.gather(*self._loops, *self._running, return_exceptions=True)
        await self._intake.close()

    async def _main(self) -> None:
        while not self._stopping or self.busy:
            self._awake.clear()
            room = self._room()
            if not self._ended and not room:
                await self._awake.wait()
                continue
            ended, self._ended = self._ended, []
            try:
                await self._turn(ended, room)
            except (StoreUnavailable, StoreError):
                self._ended = ended + self._ended
                await asyncio.sleep(_RETRY)

    async def _turn(self, ended: list[Finished], room: int) -> None:
        """One round trip: store what ended, claim what there is room for."""
        request = self._request(room) if room else None
        claim: Claim | None = None
        if ended:
            results, claim = await self._jobs.finish(self.queue, ended, request, self._clock())
            self._settle(ended, results)
        elif request is not None:
            claim = await self._jobs.claim(self.queue, request, self._clock())
        if request is not None:
            self._intake.saw(claim, room)
        for claimed in claim.jobs if claim else ():
            self._start(claimed)

    def _room(self) -> int:
        if self._stopping or not self._intake.open:
            return 0
        return max(0, self._settings.concurrency - self._occupied)

    def _request(self, room: int) -> ClaimRequest:
        settings = self._settings
        first = self._serial
        self._serial += room
        return ClaimRequest(
            count=room,
            owner=settings.owner,
            serial=first,
            lock_ms=settings.lock_ms,
            limiter=settings.limiter,
            name=settings.name,
        )

    def _start(self, claimed: ClaimedJob) -> None:
        self._keeper.hold(claimed)
        self._occupied += 1
        task = asyncio.get_running_loop().create_task(self._work(claimed))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, claimed: ClaimedJob) -> None:
        outcome = await run(claimed, self._advance, self._call)
        settings = self._settings
        self._ended.append(
            Finished(
                claimed=claimed,
                outcome=outcome,
                keep_completed=settings.remove_on_complete,
                keep_failed=settings.remove_on_fail,
            )
        )
        self._occupied -= 1
        self._awake.set()

    async def _advance(self, claimed: ClaimedJob) -> None:
        """A series that cannot go on is reported; its job runs all the same."""
        for _ in range(_TRIES):
            try:
                return await advance(self._store, self.queue, claimed, self._clock())
            except StoreUnavailable:
                await asyncio.sleep(_RETRY)
            except CorralError as error:
                return self._listener.not_advanced(self.queue, claimed.job.id, error)

    def _settle(self, ended: list[Finished], results: list[Exception | None]) -> None:
        for one, refused in zip(ended, results, strict=True):
            self._keeper.release(one.claimed)
            if refused is not None:
                self._listener.not_stored(self.queue, one.claimed.job.id, refused)
