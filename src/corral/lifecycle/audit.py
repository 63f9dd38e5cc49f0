"""The audit log: every administrative change, as soon as it is made."""

import msgspec

from corral.model.audit import AuditEntry
from corral.store.journals import JournalStore

_JOURNAL = "audit"
_KEEP = 100_000
_decode = msgspec.json.Decoder(AuditEntry).decode
_encode = msgspec.json.Encoder().encode


class Audit:
    """The last 100,000 changes."""

    def __init__(self, journals: JournalStore) -> None:
        self._journals = journals

    async def write(self, entry: AuditEntry) -> None:
        """Raises `StoreUnavailable`."""
        await self._journals.append(_JOURNAL, [_encode(entry)], _KEEP)

    async def page(self, before: str | None, limit: int) -> tuple[list[AuditEntry], str | None]:
        """The newest first, and where the next page begins."""
        rows = await self._journals.page(_JOURNAL, before, limit)
        return [_decode(row.content) for row in rows], rows[-1].id if len(rows) == limit else None
