"""sweep: give on the places of jobs that another language's worker has ended, and let go on what is due."""

import asyncio

from corral.lifecycle.intake import Clock
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.groups import GroupStore

_IDLE = 2.0  # seconds between two looks where nobody else ends jobs
_BUSY = 0.05  # and where somebody does


class Sweeper:
    """Looks after the groups of a queue; any number of processes may."""

    def __init__(self, groups: GroupStore, queue: str, clock: Clock) -> None:
        self._groups = groups
        self._queue = queue
        self._clock = clock

    async def run(self) -> None:
        """Look until cancelled; the first look is at once."""
        while True:
            moved = await self._moved()
            await asyncio.sleep(_BUSY if moved else _IDLE)

    async def _moved(self) -> bool:
        try:
            return (await self._groups.sweep(self._queue, self._clock())).moved > 0
        except (StoreUnavailable, StoreError):
            return False
