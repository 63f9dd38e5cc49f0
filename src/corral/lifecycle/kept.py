"""Records held in memory whole, so that looking one up costs no round trip."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from corral.model.errors import StoreError, StoreUnavailable
from corral.store.records import RecordStore

T = TypeVar("T")
_EVERY = 1.0  # seconds after which another process's change is seen at the latest
_RETRY = 0.5
_encode = msgspec.json.Encoder().encode


class Kept(Generic[T]):
    """The records of one kind. What is written here is seen here at once, elsewhere within a second."""

    def __init__(self, records: RecordStore, kind: str, of: type[T]) -> None:
        self.kind = kind
        self._records = records
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(of).decode
        self._raw: Mapping[str, bytes] = {}
        self._known: dict[str, T] = {}
        self._revision = -1
        self._loading = asyncio.Lock()
        self.version = 0
        """Changes whenever the records do, for whoever derives something from them."""

    def get(self, record_id: str) -> T | None:
        """The record as it is known here."""
        return self._known.get(record_id)

    def all(self) -> Mapping[str, T]:
        return self._known

    async def put(self, record_id: str, record: T) -> None:
        """Store it in place of what was there."""
        await self._records.put(self.kind, record_id, _encode(record))
        await self.load()

    async def add(self, record_id: str, record: T) -> bool:
        """Store it if there is none of that id; False when there is."""
        added = await self._records.swap(self.kind, record_id, None, _encode(record))
        await self.load()
        return added

    async def change(self, record_id: str, change: Callable[[T], T | None]) -> T | None:
        """Put what `change` makes of the record in its place, None removing it; the record as it was, or None.

        `change` may be called again when somebody else was faster, and may raise.
        """
        while (raw := await self._records.get(self.kind, record_id)) is not None:
            before = self._decode(raw)
            after = change(before)
            if await self._records.swap(self.kind, record_id, raw, None if after is None else _encode(after)):
                await self.load()
                return before
        return None

    async def remove(self, record_id: str) -> bool:
        """Whether there was one."""
        return await self.change(record_id, lambda _: None) is not None

    async def load(self) -> None:
        """Read them all. What cannot be decoded, as from a newer corral, is left out."""
        async with self._loading:
            self._revision, found = await self._records.all(self.kind)
            if found == self._raw and self.version:
                return
            known = {}
            for record_id, raw in found.items():
                if self._raw.get(record_id) == raw and record_id in self._known:
                    known[record_id] = self._known[record_id]
                else:
                    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                        known[record_id] = self._decode(raw)
            self._raw, self._known = found, known
            self.version += 1

    async def refresh(self) -> None:
        """Read them again if others have changed them."""
        (revision,) = await self._records.revisions([self.kind])
        if self.is_behind(revision):
            await self.load()

    def is_behind(self, revision: int) -> bool:
        return revision != self._revision


class Keeper:
    """Looks once a second whether other processes have changed records of the kinds that are kept here."""

    def __init__(self, records: RecordStore, kept: Sequence[Kept[Any]]) -> None:
        self._records = records
        self._kept = kept
        self._loaded = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, looked: Callable[[], None] = lambda: None) -> None:
        """Begin to load, and go on looking until `close`; `looked` is called after each look."""
        self._task = asyncio.get_running_loop().create_task(self._run(looked))

    @property
    def is_loaded(self) -> bool:
        """Whether all kinds have been read once."""
        return self._loaded.is_set()

    async def loaded(self) -> None:
        await self._loaded.wait()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Read again what others have changed."""
        revisions = await self._records.revisions([one.kind for one in self._kept])
        for one, revision in zip(self._kept, revisions, strict=True):
            if one.is_behind(revision):
                await one.load()
        self._loaded.set()

    async def _run(self, looked: Callable[[], None]) -> None:
        while True:
            try:
                await self.look()
            except (StoreUnavailable, StoreError):
                await asyncio.sleep(_RETRY)
            else:
                looked()
                await asyncio.sleep(_EVERY)
