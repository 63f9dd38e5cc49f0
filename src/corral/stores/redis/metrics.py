"""`MetricsStore` on Redis."""

from collections.abc import Sequence

from corral.model.queue import Metrics, MetricsMeta
from corral.store.metrics import Ending
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.numbers import whole
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

FIELDS = ("count", "prevTS", "prevCount")


class RedisMetrics:
    """Fulfils `store.metrics.MetricsStore`."""

    def __init__(self, connection: Connection, keys: KeyCache) -> None:
        self._connection = connection
        self._keys = keys

    async def read(self, queue: str, ending: Ending, start: int, end: int) -> Metrics:
        key = self._keys.of(queue)[f"metrics:{ending}"]
        names = (key, f"{key}:data")
        fields, points, count = await run(self._connection, official("getMetrics"), names, start, end, repeat=True)
        return Metrics(meta(fields), [whole(point) or 0 for point in points], count)


def meta(fields: Sequence[bytes | None]) -> MetricsMeta:
    """From the values of `FIELDS`."""
    count, prev_ts, prev_count = (whole(field) or 0 for field in fields)
    return MetricsMeta(count, prev_ts, prev_count)
