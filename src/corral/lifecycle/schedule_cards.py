"""The engine as workers of schedules see it: the next job of a schedule gets its card before it is there."""

from typing import Any, cast

from corral.lifecycle.schedules import Schedules, card_of
from corral.store.schedulers import Following, SchedulerStore
from corral.store.store import Store


class CardedSchedulers:
    """Fulfils `store.schedulers.SchedulerStore`."""

    def __init__(self, store: Store, schedules: Schedules) -> None:
        self._schedulers: SchedulerStore = store.schedulers
        self._index = store.job_index
        self._schedules = schedules

    def __getattr__(self, name: str) -> Any:
        return getattr(self._schedulers, name)

    async def advance(self, queue: str, following: Following, now: int) -> str | None:
        """Where an interval decides, there is no other job: the schedule has one moment."""
        schedule, job_id = self._schedules.kept.get(following.key), following.opts.get("jobId")
        if schedule is not None and schedule.queue == queue and isinstance(job_id, str):
            await self._index.put([card_of(schedule, job_id, now)])
        return await self._schedulers.advance(queue, following, now)


class CardedStore:
    """The engine."""

    def __init__(self, store: Store, schedules: Schedules) -> None:
        self.schedulers = CardedSchedulers(store, schedules)
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def with_cards(store: Store, schedules: Schedules) -> Store:
    """The same engine, to be used in its place."""
    return cast(Store, CardedStore(store, schedules))
