"""`SchedulerStore` on Redis."""

import msgspec

from corral.model.job import JobOptions
from corral.policy.options import encode_short
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

_pack = msgspec.msgpack.Encoder().encode


class RedisSchedulers:
    """Fulfils `store.schedulers.SchedulerStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def advance(
        self, queue: str, key: str, next_at: int, data: bytes, opts: JobOptions, producer: str, now: int
    ) -> str | None:
        keys = self._keys.of(queue)
        names = (
            *keys.many("repeat", "delayed", "wait", "paused", "meta", "prioritized", "marker", "id", "events"),
            keys["pc"],
            keys.job(producer),
            keys.active,
        )
        args = (next_at, key, data, _pack(encode_short(opts)), now, keys.base, producer)
        # Sent again, it does no harm: only the newest iteration may produce the next.
        added = await run(self._connection, official("updateJobScheduler"), names, *args, repeat=True)
        return added.decode() if isinstance(added, bytes) else None

    async def exists(self, queue: str, key: str) -> bool:
        field = f"{self._keys.of(queue)['repeat']}:{key}"
        return bool(await self._connection.send("HEXISTS", field, "ic", repeat=True))
