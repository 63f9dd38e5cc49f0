"""Who waits for jobs: corral's workers share one connection that listens, so each process says for which queues."""

import asyncio
import contextlib
import os
import socket
import uuid
from collections.abc import Callable

import msgspec

from corral.model.errors import StoreError, StoreUnavailable
from corral.stores.postgres.database import Database

Waiter = tuple[str, str | None, str]
"""The queue, the name of the worker, and the process that it is in."""

_KIND = "waiters"
_EVERY = 5.0
_COUNTS_FOR = 15_000
_FAREWELL = 1.0
_decode = msgspec.json.Decoder(list[Waiter]).decode
_encode = msgspec.json.Encoder().encode


class Waiting:
    """The waiters of this process, and through the database those of all."""

    def __init__(self, database: Database, new_id: Callable[[], uuid.UUID] = uuid.uuid4) -> None:
        self._database = database
        self._process = str(new_id())
        self._place = f"{socket.gethostname()}:{os.getpid()}"
        self._here: dict[object, Waiter] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def enter(self, queue: str, name: str | None) -> object:
        """Somebody waits from now on; returns what `leave` takes."""
        ticket = object()
        self._here[ticket] = (queue, name, self._place)
        self._changed.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._announce())
        return ticket

    def leave(self, ticket: object) -> None:
        self._here.pop(ticket, None)
        self._changed.set()

    async def everywhere(self) -> list[Waiter]:
        """Those of this process as they are now, those of others as they said it last."""
        found = await self._database.rows("kept_records", _KIND, repeat=True)
        others = [waiter for row in found if row["name"] != self._process for waiter in _decode(row["value"])]
        return [*self._here.values(), *others]

    async def close(self) -> None:
        """Take back what was said, if the engine is there to hear it."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        with contextlib.suppress(StoreUnavailable, StoreError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self._database.rows("forget_record", _KIND, self._process)

    async def _announce(self) -> None:
        while True:
            self._changed.clear()
            record = _encode(list(self._here.values()))
            with contextlib.suppress(StoreUnavailable, StoreError):
                await self._database.rows("keep_record", _KIND, self._process, record, _COUNTS_FOR, repeat=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY):  # not wait_for, which may swallow the end in Python 3.11
                    await self._changed.wait()
