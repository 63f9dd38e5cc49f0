"""`DirectoryStore` on Redis: an index of names of corral's own, and a look at all keys for queues of others."""

import asyncio
import re
from collections.abc import Callable, Sequence

from corral.model.errors import StoreError, StoreUnavailable
from corral.model.queue import JobsPerMinute, QueueInfo
from corral.policy.metrics import last_minute
from corral.policy.name_pattern import literal_start, matcher
from corral.store.directory import NameQuery
from corral.stores.redis.connection import Connection
from corral.stores.redis.metrics import FIELDS, meta
from corral.stores.redis.numbers import whole
from corral.stores.redis.queue_limits import limiter
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

_EVERY = 60_000  # ms between the beginnings of two looks at all keys
_PATIENCE = 2.0  # seconds that a list waits for a look; it goes on behind it
_STEPS = 2_000  # calls of one look, each over about as many keys; the next look goes on from there
_STEP_KEYS = 1_000
_KNOWN = 100_000  # names remembered as indexed
_CHUNK, _CHUNKS = 500, 20  # names that one list goes through for those that fit
_STATES = ("wait", "paused", "prioritized", "active", "delayed", "waiting-children", "completed", "failed")
_GLOB = re.compile(r"([\[\]*?\\])")


def literal(text: str) -> str:
    """A glob that only the text itself fits."""
    return _GLOB.sub(r"\\\1", text)


class RedisDirectory:
    """Fulfils `store.directory.DirectoryStore`."""

    def __init__(
        self, connection: Connection, prefix: str, on_queue: Callable[[str], None] = lambda queue: None
    ) -> None:
        self._on_queue = on_queue
        self._connection = connection
        self._prefix = prefix
        self._index = f"{prefix}:corral:queues"
        self._known: set[str] = set()
        self._cursor = b"0"
        self._looked: int | None = None
        self._looking: asyncio.Task[None] | None = None

    def saw(self, queue: str) -> None:
        if queue in self._known:
            return
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known.add(queue)
        self._on_queue(queue)
        self._connection.send("ZADD", self._index, 0, queue, repeat=True)  # if it is lost, a look finds the queue

    async def names(self, query: NameQuery, now: int) -> tuple[list[str], str | None]:
        await self._look(now)
        fits, start = matcher(query.pattern), literal_start(query.pattern).encode()
        after = query.after.encode()
        low = b"(" + after if after >= start else b"[" + start
        high = b"(" + start + b"\xff" if start else b"+"
        found: list[str] = []
        for _ in range(_CHUNKS):
            chunk = await self._connection.send("ZRANGEBYLEX", self._index, low, high, "LIMIT", 0, _CHUNK, repeat=True)
            for name in (raw.decode() for raw in chunk):
                if fits(name):
                    if len(found) == query.limit:
                        return found, found[-1]
                    found.append(name)
            if len(chunk) < _CHUNK:
                return found, None
            low = b"(" + chunk[-1]
        return found, chunk[-1].decode()

    async def describe(self, queues: Sequence[str], now: int) -> list[QueueInfo | None]:
        return await asyncio.gather(*(self._describe(queue, now) for queue in queues))

    async def forget(self, queues: Sequence[str]) -> None:
        self._known.difference_update(queues)
        if queues:
            await self._connection.send("ZREM", self._index, *queues, repeat=True)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self, now: int) -> None:
        if self._looking is None and (self._looked is None or now - self._looked >= _EVERY):
            self._looked = now
            self._looking = asyncio.get_running_loop().create_task(self._scan())
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=_PATIENCE)

    async def _scan(self) -> None:
        try:
            for _ in range(_STEPS):
                if not await self._step():
                    break
        except (StoreUnavailable, StoreError):
            self._looked = None
        finally:
            self._looking = None

    async def _step(self) -> bool:
        """Whether there is more to look at."""
        glob = f"{literal(self._prefix)}:*:meta"
        command = ("SCAN", self._cursor, "MATCH", glob, "COUNT", _STEP_KEYS)
        self._cursor, found = await self._connection.send(*command, repeat=True)
        names = [name for key in found if (name := self._name(key))]
        if names:
            members = [part for name in names for part in (0, name)]
            await self._connection.send("ZADD", self._index, *members, repeat=True)
        return self._cursor != b"0"

    def _name(self, key: bytes) -> str | None:
        """Of the queue whose `meta` the key is; a colon inside belongs to keys of jobs."""
        try:
            name = key.decode()[len(self._prefix) + 1 : -len(":meta")]
        except UnicodeDecodeError:
            return None
        return None if ":" in name else name

    async def _describe(self, queue: str, now: int) -> QueueInfo | None:
        base = f"{self._prefix}:{queue}:"
        counting = run(self._connection, official("getCounts"), (base,), *_STATES, repeat=True)
        asked = self._connection.send("HGETALL", f"{base}meta", repeat=True)
        ended = [self._last_minute(f"{base}metrics:{ending}", now) for ending in ("completed", "failed")]
        try:
            numbers, flat, *per_minute = await asyncio.gather(counting, asked, *ended)
        except StoreError:  # WRONGTYPE: keys that look like a queue's and are not
            return None
        pairs = iter(flat)
        fields: dict[bytes, bytes] = dict(zip(pairs, pairs, strict=True))
        if not (fields or any(numbers)):
            return None
        return _info(queue, fields, _counts(numbers), JobsPerMinute(*per_minute))

    async def _last_minute(self, key: str, now: int) -> int:
        fields = self._connection.send("HMGET", key, *FIELDS, repeat=True)
        newest = self._connection.send("LINDEX", f"{key}:data", 0, repeat=True)
        return last_minute(meta(await fields), whole(await newest) or 0, now)


def _counts(numbers: Sequence[int]) -> dict[str, int]:
    """BullMQ 5 keeps the waiting jobs of a paused queue in a list of their own."""
    wait, paused, *others = numbers
    return {"waiting": wait + paused, **dict(zip(_STATES[2:], others, strict=True))}


def _info(queue: str, fields: dict[bytes, bytes], counts: dict[str, int], per_minute: JobsPerMinute) -> QueueInfo:
    version = fields.get(b"version")
    return QueueInfo(
        name=queue,
        paused=b"paused" in fields,
        counts=counts,
        concurrency=whole(fields.get(b"concurrency")),
        rate_limit=limiter(fields.get(b"max"), fields.get(b"duration")),
        per_minute=per_minute,
        max_len_events=whole(fields.get(b"opts.maxLenEvents")),
        version=None if version is None else version.decode(errors="replace"),
    )
