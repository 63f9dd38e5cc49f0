"""Who is next when an application runs as many jobs as it may: of its queues the one that has waited longest.

A queue that finds no room for half a second says so in the engine, unless another one is there that has waited longer.
The others leave a place to it as soon as one is free. It looks again soon, the less often the longer it waits, so that
a place stays empty for an eighth of that time at most.
"""

import msgspec

from corral.store.idempotency import IdempotencyStore

_PATIENCE_MS = 500
_SHORTEST_MS, _LONGEST_MS = 50, 1000
_SHARE = 8
_GRACE_MS = 1500  # whoever does not come back for so long is not waited for
_GONE_MS = 5000
_REMEMBERED = 1000


class Next(msgspec.Struct, frozen=True):
    """The queue that a place is left to; `since` (ms) it has found none."""

    queue: str
    since: int


_decode = msgspec.json.Decoder(Next).decode
_encode = msgspec.json.Encoder().encode


class Line:
    """To be asked by one process at a time for each application."""

    def __init__(self, kept: IdempotencyStore) -> None:
        self._kept = kept
        self._refused: dict[str, tuple[int, int]] = {}

    async def first(self, application: str) -> Next | None:
        """Who is next, over all processes."""
        found = await self._kept.get(_name(application))
        return None if found is None else _decode(found)

    async def served(self, application: str, queue: str, first: Next | None) -> None:
        """The queue has found room."""
        self._refused.pop(queue, None)
        if first is not None and first.queue == queue:
            await self._kept.forget(_name(application))

    async def refused(self, application: str, queue: str, first: Next | None, now: int) -> int:
        """The queue has found no room; the milliseconds after which it is to look again."""
        since = self._since(queue, now)
        waited = now - since
        if waited < _PATIENCE_MS:
            return _PATIENCE_MS - waited
        if first is not None and first.queue != queue and first.since <= since:
            return _LONGEST_MS
        again = min(_LONGEST_MS, max(_SHORTEST_MS, waited // _SHARE))
        await self._kept.keep(_name(application), _encode(Next(queue, since)), again + _GRACE_MS)
        return again

    def _since(self, queue: str, now: int) -> int:
        since, last = self._refused.get(queue, (now, now))
        if now - last > _GONE_MS:
            since = now
        self._refused[queue] = (since, now)
        if len(self._refused) > _REMEMBERED:
            self._refused = {name: seen for name, seen in self._refused.items() if now - seen[1] <= _GONE_MS}
        return since


def _name(application: str) -> str:
    return f"next-in-line:{application}"
