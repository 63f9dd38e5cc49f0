"""`DeduplicationStore` on Redis."""

from corral.stores.redis.connection import Connection
from corral.stores.redis.job_ids import of_job
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official


class RedisDeduplication:
    """Fulfils `store.deduplication.DeduplicationStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def holder(self, queue: str, deduplication_id: str) -> str | None:
        found = await self._connection.send("GET", self._key(queue, deduplication_id), repeat=True)
        return None if found is None else found.decode(errors="replace")

    async def clear(self, queue: str, deduplication_id: str) -> bool:
        return bool(await self._connection.send("DEL", self._key(queue, deduplication_id)))

    async def release(self, queue: str, job_id: str) -> bool:
        key = self._keys.of(queue).job(job_id)
        asked = self._connection.send("HGET", key, "deid", repeat=True)
        (held,) = await of_job(self._connection, key, job_id, asked)
        if not held:
            return False
        names = (self._key(queue, held.decode(errors="surrogateescape")),)
        return bool(await run(self._connection, official("removeDeduplicationKey"), names, job_id))

    def _key(self, queue: str, deduplication_id: str) -> str:
        return f"{self._keys.of(queue).base}de:{deduplication_id}"
