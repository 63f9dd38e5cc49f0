"""`EventStore` on Postgres: a table of events, read when a notification says that there are new ones."""

from collections.abc import Mapping

import msgspec

from corral.store.events import EventReader, QueueEvent
from corral.stores.postgres.database import Database
from corral.stores.postgres.event_reader import TableReader, event_of, outward, place
from corral.stores.postgres.listener import Listener


class PostgresEvents:
    """Fulfils `store.events.EventStore`."""

    def __init__(self, database: Database, listener: Listener) -> None:
        self._database = database
        self._listener = listener

    async def last_id(self, queue: str) -> str:
        return outward(await self._database.value("last_event", queue, repeat=True))

    async def oldest_id(self, queue: str) -> str | None:
        oldest = await self._database.value("oldest_event", queue, repeat=True)
        return None if oldest is None else outward(oldest)

    async def since(self, queue: str, after: str, limit: int) -> list[QueueEvent]:
        found = await self._database.rows("events_since", queue, place(after), limit, repeat=True)
        return [event_of(row) for row in found]

    async def publish(self, queue: str, name: str, fields: Mapping[str, str]) -> None:
        await self._database.rows("publish_event", queue, name, msgspec.json.encode(fields).decode())

    def reader(self, queue: str) -> EventReader:
        return TableReader(self._database, self._listener, queue)
