"""A worker: keeps up to `concurrency` jobs of one queue running, and their outcomes stored."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from corral.lifecycle.intake import Clock, Intake
from corral.lifecycle.renew import LockKeeper
from corral.lifecycle.rescue import Rescuer
from corral.lifecycle.schedule import advance
from corral.lifecycle.sweep import Sweeper
from corral.model.errors import CorralError, StoreBusy, StoreUnavailable, UnmetDependencies
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed, Outcome, Released
from corral.model.worker import WorkerInfo
from corral.store.jobs import Claim, ClaimRequest, Finished
from corral.store.store import Store
from corral.worker.budget import Budget
from corral.worker.listener import Listener
from corral.worker.run import Runner, run
from corral.worker.stats import Tally

_SHOWN = 100  # jobs named in what a worker tells of itself
_RETRY = 0.5  # seconds between tries while the engine is away
_LANES = 2  # round trips under way at once: the engine stores one half while the other half runs
_WORTH = 8  # jobs that make a second round trip worth while


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
        self._budget = Budget(settings.concurrency)
        self.on_stored: Callable[[ClaimedJob, Outcome], None] | None = None
        """Told of each outcome once it is in the engine."""
        self._occupied = self._storing = self._trips = 0
        self._share = max(2 * _WORTH, -(-settings.concurrency // _LANES))
        self._ended: list[Finished] = []
        self._owed: list[Finished] = []
        self._awake = asyncio.Event()
        self._wake = self._awake.set
        self._stopping = False
        self._paused = False
        self._tally = Tally()
        self._intake = Intake(store.jobs.waiter(queue, settings.name), clock, self._wake, lambda: self._free() > 0)
        self._keeper = LockKeeper(store.jobs, queue, settings.lock_ms, listener.lock_lost)
        self._rescuer = Rescuer(store.jobs, queue, settings.stalled_ms, clock, listener.stalled)
        self._loops: list[asyncio.Task[None]] = []

    def share(self, budget: Budget) -> None:
        """Draw on these slots together with the workers of other queues. To be called before `start`."""
        self._budget = budget
        budget.join()

    def start(self) -> None:
        """Begin claiming; returns at once."""
        start = asyncio.get_running_loop().create_task
        sweep = Sweeper(self._store.groups, self.queue, self._clock).run
        rest = (self._keeper.run, lambda: self._rescuer.run(self._settings.max_stalled), sweep)
        self._loops = [start(self._lasting(loop)) for loop in (*[self._main] * _LANES, *rest)]

    @property
    def busy(self) -> int:
        """Jobs that are running or whose outcome is not stored yet."""
        return self._occupied + len(self._ended) + len(self._owed) + self._storing

    def look(self) -> None:
        self._intake.look()

    def pause(self, paused: bool = True) -> None:
        """Claim no more until told otherwise; running jobs go on."""
        self._paused = paused
        self._awake.set()

    def info(self, process: str) -> WorkerInfo:
        """What it is and does now; whoever hired it adds what it calls."""
        return WorkerInfo(
            queue=self.queue,
            kind="socket",
            process=process,
            name=self._settings.name,
            concurrency=self._settings.concurrency,
            paused=self._paused,
            jobs=self._keeper.job_ids(_SHOWN),
            stats=self._tally.stats(self._occupied),
        )

    async def stop(self, grace: float | None) -> None:
        """Claim no more, let the running jobs end within `grace` seconds, and let go of everything.

        None: however long they take. A job that did not end is rescued by another worker when its lock runs out.
        """
        self._stopping = True
        self._awake.set()
        self._budget.leave(self._wake)
        try:
            lanes = [asyncio.wait(self._loops[:_LANES], timeout=grace)] if self._loops else []
            await asyncio.gather(self._intake.close(), *lanes)
        finally:
            for task in [*self._loops, *self._running]:
                task.cancel()
        await asyncio.gather(*self._loops, *self._running, return_exceptions=True)

    async def _lasting(self, loop: Callable[[], Awaitable[None]]) -> None:
        """A mistake of our own must not leave a worker that looks alive and does nothing."""
        while True:
            try:
                return await loop()
            except Exception as error:  # noqa: BLE001 - whatever it is, the queue has to be worked
                self._listener.unexpected(f"the worker of queue {self.queue}", error)
                await asyncio.sleep(_RETRY)

    async def _main(self) -> None:
        """Store what has ended and claim what there is room for, until stopped and all is stored."""
        while not self._stopping or self.busy:
            self._awake.clear()
            if self._ended:
                self._intake.freed()
            room = self._room()
            if not self._is_due(room):
                await self._awake.wait()
                continue
            await self._turn(self._take(), min(room, self._share))
            self._awake.set()  # for the other lane: it is the only one now
            if self._owed:
                await asyncio.sleep(_RETRY)

    def _is_due(self, room: int) -> bool:
        """Whether to make a round trip now: the first one for anything, another beside it for many jobs only."""
        ready = max(room, len(self._owed) + len(self._ended))
        return ready >= (max(_WORTH, self._settings.concurrency // 4) if self._trips else 1)

    def _take(self) -> list[Finished]:
        self._budget.used -= len(self._owed)
        ended = [*self._owed, *self._ended]
        self._owed, self._ended = [], ended[self._share :]
        return ended[: self._share]

    async def _turn(self, ended: list[Finished], room: int) -> None:
        """One round trip, both ways of which may fail by themselves."""
        request = self._request(room) if room else None
        budget, signs = self._budget, self._intake.signs
        self._trips += 1
        if room:
            budget.take(self._wake, room)
        self._storing += len(ended)
        try:
            results, claim = await self._exchange(ended, request)
        finally:
            self._trips -= 1
            budget.used -= room
            self._storing -= len(ended)
        left = len(self._owed)
        self._owed += [one for one, why in zip(ended, results, strict=True) if not self._settled(one, why)]
        budget.used += len(self._owed) - left
        if isinstance(claim, Claim):
            self._intake.saw(claim, room, signs)
            for claimed in claim.jobs:
                self._start(claimed)
        elif claim is not None:
            self._intake.saw(None, room, signs)
            self._complain(claim)
        budget.wake()

    async def _exchange(
        self, ended: list[Finished], request: ClaimRequest | None
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        try:
            if ended:
                return await self._jobs.finish(self.queue, ended, request, self._clock())
            if request is not None:
                return [], await self._jobs.claim(self.queue, request, self._clock())
            return [], None
        except Exception as error:  # noqa: BLE001 - a mistake: these jobs are rescued, the others go on
            return [error] * len(ended), error

    def _room(self) -> int:
        """How many jobs to ask for now."""
        if self._stopping or self._paused or not self._intake.open:
            self._budget.leave(self._wake)
            return 0
        return self._budget.room(self._wake)

    def _free(self) -> int:
        """How many more jobs could run."""
        return 0 if self._stopping or self._paused else self._budget.free

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
        if self._stopping:
            self._end(claimed, Released())
            return
        self._occupied += 1
        self._budget.used += 1
        task = asyncio.get_running_loop().create_task(self._work(claimed))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self, claimed: ClaimedJob) -> None:
        try:
            self._end(claimed, await run(claimed, self._advance, self._call))
        except BaseException:
            self._keeper.release(claimed)  # cancelled: the lock runs out, and the job is rescued
            raise
        finally:
            self._occupied -= 1
            self._budget.used -= 1
            self._awake.set()
            self._budget.wake()

    def _end(self, claimed: ClaimedJob, outcome: Outcome) -> None:
        self._keeper.ended(claimed)
        self._tally.count(outcome, self._clock() - (claimed.job.processed_on or 0))
        settings = self._settings
        self._ended.append(
            Finished(
                claimed=claimed,
                outcome=outcome,
                keep_completed=settings.remove_on_complete,
                keep_failed=settings.remove_on_fail,
            )
        )

    async def _advance(self, claimed: ClaimedJob) -> None:
        """A series that cannot go on is reported; its job runs all the same."""
        while True:
            try:
                return await advance(self._store, self.queue, claimed, self._clock())
            except StoreUnavailable:
                await asyncio.sleep(_RETRY)  # without the engine the job could not be finished either
            except CorralError as error:
                return self._listener.not_advanced(self.queue, claimed.job.id, error)

    def _settled(self, one: Finished, why: Exception | None) -> bool:
        """Whether this outcome is done with; else it is stored in the next turn."""
        if isinstance(why, StoreUnavailable):
            self._complain(why)
            return False
        if isinstance(why, UnmetDependencies) and isinstance(one.outcome, Completed):
            self._ended.append(msgspec.structs.replace(one, outcome=Failed(str(why))))  # as in BullMQ
            return True
        self._keeper.release(one.claimed)
        if why is not None:
            self._listener.not_stored(self.queue, one.claimed.job.id, why)
        elif self.on_stored is not None:
            self.on_stored(one.claimed, one.outcome)
        return True

    def _complain(self, why: Exception) -> None:
        """That the engine is away is said by the connection, once for all workers."""
        if isinstance(why, StoreBusy) or not isinstance(why, StoreUnavailable):
            self._listener.refused(self.queue, why)
