"""`SchedulerStore` on Redis."""

import asyncio

import msgspec

from corral.policy.options import encode_short
from corral.store.schedulers import Following
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official, own

_pack = msgspec.msgpack.Encoder().encode


class RedisSchedulers:
    """Fulfils `store.schedulers.SchedulerStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def advance(self, queue: str, following: Following, now: int) -> str | None:
        keys = self._keys.of(queue)
        names = (
            *keys.many("repeat", "delayed", "wait", "paused", "meta", "prioritized", "marker", "id", "events"),
            keys["pc"],
            keys.job(following.producer),
            keys.active,
        )
        packed = _pack(encode_short(following.opts))
        args = (following.due, following.key, following.data, packed, now, keys.base, following.producer)
        scheduler = f"{keys['repeat']}:{following.key}"
        kept = run(self._connection, own("template"), (scheduler,), following.data, repeat=True)
        # Sent again, it does no harm: only the newest iteration may produce the next.
        advanced = run(self._connection, official("updateJobScheduler"), names, *args, repeat=True)
        _, added = await asyncio.gather(kept, advanced)
        return added.decode() if isinstance(added, bytes) else None

    async def exists(self, queue: str, key: str) -> bool:
        field = f"{self._keys.of(queue)['repeat']}:{key}"
        return bool(await self._connection.send("HEXISTS", field, "ic", repeat=True))
