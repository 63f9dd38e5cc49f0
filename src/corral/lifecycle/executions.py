"""What became of the executions of each schedule, apart from the schedules, which every process would read again each
time."""

from collections.abc import Callable

import msgspec

from corral.model.schedule import Executions
from corral.store.records import RecordStore

_KIND = "schedule-executions"
_decode = msgspec.json.Decoder(Executions).decode
_encode = msgspec.json.Encoder().encode


class ExecutionLog:
    """Counts over all processes. Raises `StoreUnavailable`."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    async def of(self, schedule: str) -> Executions:
        found = await self._records.get(_KIND, schedule)
        return Executions() if found is None else _decode(found)

    async def called(self, schedule: str, at: int, error: str | None) -> None:
        """A call was made that does not end an execution, or is none that counts."""
        await self._change(schedule, lambda found: msgspec.structs.replace(found, last_at=at, error=error))

    async def ended(self, schedule: str, job_id: str, at: int, error: str | None) -> None:
        """The execution of this job has ended; told twice, it counts once."""
        await self._change(
            schedule,
            lambda found: Executions(found.count + (found.job_id != job_id), at, error, job_id),
        )

    async def forget(self, schedule: str) -> None:
        """It is gone."""
        while (stored := await self._records.get(_KIND, schedule)) is not None:
            if await self._records.swap(_KIND, schedule, stored, None):
                return

    async def _change(self, schedule: str, change: Callable[[Executions], Executions]) -> None:
        while True:
            stored = await self._records.get(_KIND, schedule)
            after = change(Executions() if stored is None else _decode(stored))
            if await self._records.swap(_KIND, schedule, stored, _encode(after)):
                return
