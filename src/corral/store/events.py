"""The event stream of a queue."""

from collections.abc import Mapping
from typing import Protocol

import msgspec


class QueueEvent(msgspec.Struct, frozen=True, gc=False):
    """One entry: its id in the stream, its name, its other fields as stored, and when it was written (ms)."""

    id: str
    name: str
    fields: dict[str, str]
    at: int = 0


class EventReader(Protocol):
    """Reads one queue's events on a connection of its own."""

    async def read(self, after: str, timeout: float, limit: int = 1000) -> list[QueueEvent]:
        """Up to `limit` events after the id; waits up to `timeout` seconds for the first."""
        ...

    async def close(self) -> None: ...


class EventStore(Protocol):
    """Where events are read from."""

    async def last_id(self, queue: str) -> str:
        """The id after which only new events come."""
        ...

    async def oldest_id(self, queue: str) -> str | None:
        """The id of the oldest event that is still stored."""
        ...

    async def since(self, queue: str, after: str, limit: int) -> list[QueueEvent]:
        """Up to `limit` stored events after the id; does not wait for more."""
        ...

    async def publish(self, queue: str, name: str, fields: Mapping[str, str]) -> None:
        """Put an event of our own into the stream, as BullMQ's `QueueEventsProducer` does."""
        ...

    def reader(self, queue: str) -> EventReader: ...
