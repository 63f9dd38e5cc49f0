"""What was tried: every call of a delivery in its job's log, and those of one subscriber in a journal."""

import asyncio
import hashlib

import msgspec

from corral.delivery.queue import QUEUE
from corral.model.delivery import Delivery, DeliveryAttempt
from corral.store.store import Store

_KEEP = 5000  # of one subscriber
_MOST = 200  # of one delivery
_decode = msgspec.json.Decoder(DeliveryAttempt).decode
_encode = msgspec.json.Encoder().encode


class Attempts:
    """Kept as long as there is room; the jobs of deliveries go after a day, those that failed after a week."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(self, delivery: str) -> int:
        """How often the delivery was tried."""
        _, total = await self._store.jobs.logs(QUEUE, delivery, 0, 0, True)
        return total

    async def write(self, delivery: Delivery, attempt: DeliveryAttempt) -> None:
        row = _encode(attempt)
        await asyncio.gather(
            self._store.jobs.add_log(QUEUE, attempt.delivery, row.decode(), _MOST),
            self._store.journals.append(journal_of(delivery.kind, delivery.target, delivery.application), [row], _KEEP),
        )

    async def of(self, delivery: str) -> list[DeliveryAttempt]:
        """Oldest first."""
        rows, _ = await self._store.jobs.logs(QUEUE, delivery, 0, -1, True)
        return [_decode(row) for row in rows]

    async def page(self, journal: str, before: str | None, limit: int) -> tuple[list[DeliveryAttempt], str | None]:
        """The newest first, and where the next page begins."""
        rows = await self._store.journals.page(journal, before, limit)
        return [_decode(row.content) for row in rows], rows[-1].id if len(rows) == limit else None


def journal_of(kind: str, target: str, application: str) -> str:
    """All URLs of an application's jobs share one."""
    if kind != "job":
        return f"deliveries:{target}"
    return f"deliveries:jobs:{hashlib.sha256(application.encode(errors='surrogateescape')).hexdigest()[:32]}"
