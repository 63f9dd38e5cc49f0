"""When each key was last used: noted in memory, and written down about once a minute."""

import asyncio
import contextlib
from collections.abc import Mapping

from corral.lifecycle.kept import Kept
from corral.model.application import ApiKey
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.records import RecordStore

_KIND = "key-uses"  # not in the keys' own records, which every process would read again each time
_EVERY = 60.0
_FAREWELL = 1.0


class Usage:
    """Times are milliseconds since the epoch."""

    def __init__(self, records: RecordStore, keys: Kept[ApiKey]) -> None:
        self._records = records
        self._keys = keys
        self._used: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def saw(self, key: str, now: int) -> None:
        """The key was shown."""
        self._used[key] = now

    async def last(self) -> Mapping[str, int]:
        """By key: as others have written it down, and as it is known here."""
        _, stored = await self._records.all(_KIND)
        found = {key: int(when) for key, when in stored.items()}
        for key, when in self._used.items():
            found[key] = max(when, found.get(key, 0))
        return found

    def start(self) -> None:
        """Write now and then, until `close`."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Write down what is left, if the engine is there."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable, StoreError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self.write()

    async def write(self) -> None:
        """What has been seen since the last time, unless somebody has seen it later; keys that are gone are dropped."""
        used = dict(self._used)
        if not used:
            return
        _, stored = await self._records.all(_KIND)
        for key, when in used.items():
            if self._keys.get(key) is not None and int(stored.get(key, b"0")) < when:
                await self._records.put(_KIND, key, str(when).encode())
        for key in [key for key in stored if self._keys.get(key) is None]:
            await self._records.swap(_KIND, key, stored[key], None)
        self._used = {key: when for key, when in self._used.items() if used.get(key) != when}

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            with contextlib.suppress(StoreUnavailable, StoreError):
                await self.write()
