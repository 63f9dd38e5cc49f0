"""Schedules: their records, held in memory, and the BullMQ schedulers by which they run."""

import hashlib
from collections.abc import Callable

import msgspec

from corral.lifecycle.executions import ExecutionLog
from corral.lifecycle.kept import Kept
from corral.lifecycle.schedule import put_scheduler
from corral.model.application import Application
from corral.model.errors import CorralError, Forbidden, NameTaken, StoreUnavailable
from corral.model.job_card import JobCard
from corral.model.schedule import Schedule
from corral.policy.access import DEFAULT
from corral.policy.built_in_queues import JobDefaults
from corral.policy.schedule_timing import is_followed, scheduler_of
from corral.policy.upcoming import upcoming
from corral.store.store import Store

OPERATORS = "master"
"""The application that the operator's schedules are said to be of."""

MOST = 1000
"""Schedules that one application may have."""

_AT_IT_MS = 10_000  # so long after a change whoever made it may be about to have the jobs made

_RECORDS, _NAMES = "schedules", "schedule-names"
_decode = msgspec.json.Decoder(Schedule).decode


class Schedules:
    """All of them. `store` is the engine itself; where a method takes another, that one may be an application's."""

    def __init__(self, store: Store, applications: Kept[Application], defaults: JobDefaults) -> None:
        self._store = store
        self._records = store.records
        self._applications = applications
        self._defaults = defaults
        self.kept = Kept(store.records, _RECORDS, Schedule)
        self.executions = ExecutionLog(store.records)

    def of(self, application: str | None) -> list[Schedule]:
        """Newest first; None: those of all."""
        own = [one for one in self.kept.all().values() if application in (None, one.application)]
        return sorted(own, key=lambda one: (one.created_at, one.id), reverse=True)

    async def add(self, schedule: Schedule) -> None:
        """Raises `NameTaken`, `Forbidden` for too many."""
        await self.kept.refresh()
        if len(self.of(schedule.application)) >= MOST:
            raise Forbidden(f"This application has {MOST} schedules already")
        await self.kept.put(schedule.id, schedule)
        try:
            await self._take_name(schedule)
        except NameTaken:
            await self.kept.remove(schedule.id)
            raise

    async def change(self, schedule_id: str, change: Callable[[Schedule], Schedule]) -> Schedule | None:
        """The schedule as it is now; None: it is gone. Raises `NameTaken`, and then nothing has changed."""
        before = await self.kept.change(schedule_id, change)
        after = self.kept.get(schedule_id)
        if before is None or after is None or after.name == before.name:
            return after
        try:
            await self._take_name(after)
        except NameTaken:
            await self.kept.change(schedule_id, lambda _: before)
            raise
        await self._free_name(before)
        return after

    async def remove(self, store: Store, schedule: Schedule) -> None:
        """With its next job, unless it runs."""
        await store.schedulers.remove(schedule.queue, schedule.id)
        await self.kept.remove(schedule.id)
        await self._free_name(schedule)
        await self.executions.forget(schedule.id)

    async def arrange(self, store: Store, schedule: Schedule, executed: int, now: int) -> None:
        """Have the jobs of the schedule made from now on, in place of those that it had. Raises `InvalidInput` for a
        timing by which nothing comes, `TooManyRequests`."""
        new, first = scheduler_of(schedule, job_data(schedule), executed, self._defaults, now)
        await store.job_index.put([card_of(schedule, first, now)])
        try:
            await put_scheduler(store, schedule.queue, new, now)
        except StoreUnavailable:
            raise  # it may be there all the same; a card without a job goes by itself
        except CorralError:
            await store.job_index.remove([(schedule.queue, first)])
            raise

    async def next_run(self, schedule: Schedule, now: int) -> int | None:
        """When its next job is due (ms); in the past, that one waits for a worker."""
        if not schedule.enabled:
            return None
        stored = await self._store.schedulers.get(schedule.queue, schedule.id)
        return None if stored is None else next(iter(upcoming(stored, now, 1)), None)

    async def end_if_over(self, schedule: Schedule, now: int) -> None:
        """Switch it off when nothing comes any more: the limit, the end date or the one moment is behind."""
        if not schedule.enabled or await self.next_run(schedule, now) is not None:
            return
        over = msgspec.structs.replace(schedule, enabled=False, over=True)
        await self.kept.change(schedule.id, lambda found: over if found == schedule else found)
        if self.kept.get(schedule.id) == over:
            await self._store.schedulers.remove(schedule.queue, schedule.id)

    async def end_of(self, application: str) -> None:
        """The application is gone."""
        await self.kept.refresh()
        for schedule in self.of(application):
            await self.remove(self._store, schedule)

    async def mend(self, now: int) -> None:
        """Bring records and schedulers together again, should a process have died between the two.

        Not those changed a moment ago: were two to make the first job, it would be told of as created twice.
        """
        await self._drop_orphans()
        for schedule in self.of(None):
            if schedule.enabled and now - schedule.updated_at >= _AT_IT_MS:
                stored = await self._store.schedulers.get(schedule.queue, schedule.id)
                if not is_followed(schedule, stored):
                    await self._arrange_again(schedule, now)

    async def _arrange_again(self, schedule: Schedule, now: int) -> None:
        executed = (await self.executions.of(schedule.id)).count
        await self.kept.refresh()
        if self.kept.get(schedule.id) != schedule:
            return  # somebody is at it
        try:
            await self.arrange(self._store, schedule, executed, now)
        except StoreUnavailable:
            raise
        except CorralError:  # its time has passed meanwhile
            await self.end_if_over(schedule, now)

    async def _drop_orphans(self) -> None:
        known = {OPERATORS, DEFAULT.application}
        for application in {one.application for one in self.of(None)} - known:
            if self._applications.get(application) is None:
                await self._applications.refresh()
                if self._applications.get(application) is None:
                    await self.end_of(application)

    async def _take_name(self, schedule: Schedule) -> None:
        """The record is there already, so that of two who come at once one sees the other."""
        key = _name_key(schedule)
        while True:
            holder = await self._records.get(_NAMES, key)
            if holder is not None and await self._is_named(holder.decode(), schedule):
                raise NameTaken(f"Schedule with name '{schedule.name}' already exists")
            if await self._records.swap(_NAMES, key, holder, schedule.id.encode()):
                return

    async def _is_named(self, holder: str, schedule: Schedule) -> bool:
        """Whether another schedule has the name."""
        raw = None if holder == schedule.id else await self._records.get(_RECORDS, holder)
        found = None if raw is None else _decode(raw)
        return found is not None and (found.application, found.name) == (schedule.application, schedule.name)

    async def _free_name(self, schedule: Schedule) -> None:
        await self._records.swap(_NAMES, _name_key(schedule), schedule.id.encode(), None)


def job_data(schedule: Schedule) -> bytes:
    """What the jobs of the schedule hold: which one it is, and whose; what is called is in the schedule alone."""
    return msgspec.json.encode({
        "scheduleId": schedule.id,
        "scheduleName": schedule.name,
        "_applicationId": schedule.application,
        "_metadata": schedule.metadata,
    })  # fmt: skip


def card_of(schedule: Schedule, job_id: str, now: int) -> JobCard:
    """By which `/api/jobs` finds the job, under the metadata of the schedule."""
    return JobCard(schedule.queue, job_id, schedule.application, now, schedule.metadata)


def _name_key(schedule: Schedule) -> str:
    text = f"{schedule.application}\0{schedule.name}".encode(errors="surrogateescape")
    return hashlib.blake2b(text, digest_size=16).hexdigest()
