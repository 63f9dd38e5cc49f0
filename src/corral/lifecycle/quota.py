"""How many jobs an application may add in an hour, over all processes."""

import math

from corral.lifecycle.intake import Clock
from corral.lifecycle.kept import Kept
from corral.model.application import Application
from corral.model.errors import TooManyRequests
from corral.store.windows import WindowStore

_HOUR_MS = 3_600_000


class Quota:
    """Costs a round trip per add, and nothing where an application has no quota."""

    def __init__(self, windows: WindowStore, applications: Kept[Application], clock: Clock) -> None:
        self._windows = windows
        self._applications = applications
        self._clock = clock

    async def count(self, application: str, jobs: int) -> None:
        """Jobs are about to be added. Raises `TooManyRequests` when that makes too many, and counts none then."""
        most = self._most(application)
        if most is None:
            return
        found = await self._windows.take(_name(application), most, _HOUR_MS, self._clock(), jobs)
        if not found.taken:
            seconds = max(1, math.ceil(found.left_ms / 1000))
            raise TooManyRequests(f"This application may add {most} jobs an hour", seconds)

    async def give_back(self, application: str, jobs: int) -> None:
        """They were not added after all."""
        if self._most(application) is not None:
            await self._windows.give_back(_name(application), jobs)

    def _most(self, application: str) -> int | None:
        found = self._applications.get(application)
        return None if found is None else found.settings.max_jobs_per_hour


def _name(application: str) -> str:
    return f"jobs:{application}"
