"""`QueueStore` on Postgres."""

from collections.abc import Sequence

from corral.stores.postgres.database import Database
from corral.stores.postgres.finished_counts import FinishedCounts
from corral.stores.postgres.waiting import Waiting

_FINISHED = {"completed", "failed"}
_EVENT_READER = ":qe"  # ends the name of the connection of BullMQ's QueueEvents


class PostgresQueues:
    """Fulfils `store.queues.QueueStore`.

    Programs of BullMQ name a connection after their queue; corral's workers share one, and are told of by `Waiting`.
    """

    def __init__(self, database: Database, waiting: Waiting, finished: FinishedCounts) -> None:
        self._database = database
        self._finished = finished
        self._waiting = waiting

    async def counts(self, queue: str, states: Sequence[str]) -> dict[str, int]:
        found = await self._database.rows("counts", queue, list(states), repeat=True)
        counts = {state: row["jobs"] for state, row in zip(states, found, strict=True)}
        if counts.keys() & _FINISHED:
            [finished] = await self._finished.of([queue])
            counts |= {state: getattr(finished, state) for state in counts.keys() & _FINISHED}
        return counts

    async def delayed_before(self, queue: str, moment: int) -> int:
        found: int = await self._database.value("delayed_before", queue, moment, repeat=True)
        return found

    async def counts_per_priority(self, queue: str, priorities: Sequence[int]) -> list[int]:
        found = await self._database.rows("counts_per_priority", queue, list(priorities), repeat=True)
        return [row["jobs"] for row in found]

    async def pause(self, queue: str) -> None:
        await self._database.rows("pause", queue, True, repeat=True)

    async def resume(self, queue: str) -> None:
        await self._database.rows("pause", queue, False, repeat=True)

    async def is_paused(self, queue: str) -> bool:
        return await self._database.row("settings_of", queue, ["paused"], repeat=True) is not None

    async def version(self, queue: str) -> str | None:
        found = await self._database.row("settings_of", queue, ["version"], repeat=True)
        return None if found is None else found["value"]

    async def all_workers(self) -> list[dict[str, str]]:
        return await self._workers(None)

    async def workers(self, queue: str) -> list[dict[str, str]]:
        return await self._workers(queue)

    async def event_readers(self, queue: str) -> list[dict[str, str]]:
        found = await self._database.rows("connections", queue, repeat=True)
        return [dict(row) for row in found if row["rawname"].endswith(_EVENT_READER)]

    async def _workers(self, queue: str | None) -> list[dict[str, str]]:
        here = [_entry(*one) for one in await self._waiting.everywhere() if queue in (None, one[0])]
        found = await self._database.rows("connections", queue, repeat=True)
        return here + [dict(row) for row in found if not row["rawname"].endswith(_EVENT_READER)]


def _entry(queue: str, name: str | None, place: str) -> dict[str, str]:
    return {"name": queue, "rawname": queue if name is None else f"{queue}:w:{name}", "addr": place}
