"""`MetricsStore` on Postgres."""

from corral.model.queue import Metrics, MetricsMeta
from corral.store.metrics import Ending
from corral.stores.postgres.database import Database


class PostgresMetrics:
    """Fulfils `store.metrics.MetricsStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, queue: str, ending: Ending, start: int, end: int) -> Metrics:
        row = await self._database.row("metrics", queue, ending, repeat=True)
        if row is None:
            return Metrics(MetricsMeta(), [], 0)
        count, prev_ts, prev_count, points = row
        return Metrics(MetricsMeta(count, prev_ts, prev_count), _part(points, start, end), len(points))


def _part(points: list[int], start: int, end: int) -> list[int]:
    """The points `start..end`, the last included; negative ones count from the end."""
    first = max(start + len(points), 0) if start < 0 else start
    last = end + len(points) if end < 0 else end
    return points[first : last + 1] if last >= 0 else []
