"""Repeating jobs: what the engine remembers of each, and which occurrence is due."""

import msgspec

from corral.library.options import Terms
from corral.model.errors import InvalidInput
from corral.policy.recurrence import check_repeat, next_iteration
from corral.store.records import RecordStore
from corral.store.store import Store

KIND = "repeats"
_PATIENCE_MS = 10_000  # after which whoever was to add a job has died over it


class Repeat(msgspec.Struct, frozen=True, omit_defaults=True):
    """`due` is the next occurrence, `fired` the last one; milliseconds since the epoch.

    `adding`: the job of `fired` is being added, since then. Who finds that old adds it again, under the same id.
    """

    due: int
    every: int | None = None
    cron: str | None = None
    tz: str | None = None
    fired: int | None = None
    adding: int | None = None

    def is_due(self, now: int) -> bool:
        return self.due <= now if self.adding is None else self.adding <= now - _PATIENCE_MS

    @property
    def job_id(self) -> str:
        """Of the occurrence that fired last: the same whoever adds it."""
        return f"repeat-{self.fired}"

    def after(self, now: int) -> int:
        """The first occurrence after `now`: those that were missed are one with the one that is due."""
        if self.every is not None:
            return self.due + self.every * ((now - self.due) // self.every + 1)
        return _next(self.cron or "", self.tz, now)


async def store_repeat(store: Store, name: str, terms: Terms, now: int) -> None:
    """Make the engine remember what the definition says now: a repeat, another one than before, or none.

    Raises `InvalidInput` for a cron pattern that cannot be read.
    """
    while True:
        old = await store.records.get(KIND, name)
        new = _wanted(terms, None if old is None else msgspec.json.decode(old, type=Repeat), now)
        encoded = None if new is None else msgspec.json.encode(new)
        if encoded == old or await store.records.swap(KIND, name, old, encoded):
            return


async def stored_repeats(records: RecordStore) -> dict[str, tuple[bytes, Repeat]]:
    """Every definition that repeats, each with what is stored of it."""
    _, found = await records.all(KIND)
    return {name: (record, msgspec.json.decode(record, type=Repeat)) for name, record in found.items()}


async def begin(records: RecordStore, name: str, stored: bytes, now: int) -> Repeat | None:
    """Take the occurrence that is due, to add its job; None when somebody else has."""
    repeat = msgspec.json.decode(stored, type=Repeat)
    if repeat.adding is None:
        taken = msgspec.structs.replace(repeat, due=repeat.after(now), fired=repeat.due, adding=now)
    else:
        taken = msgspec.structs.replace(repeat, adding=now)
    return taken if await records.swap(KIND, name, stored, msgspec.json.encode(taken)) else None


async def end(records: RecordStore, name: str, taken: Repeat) -> None:
    """The job is there. The repeat may have been changed meanwhile, which stays."""
    while True:
        stored = await records.get(KIND, name)
        current = None if stored is None else msgspec.json.decode(stored, type=Repeat)
        if current is None or (current.fired, current.adding) != (taken.fired, taken.adding):
            return
        if await records.swap(KIND, name, stored, msgspec.json.encode(msgspec.structs.replace(current, adding=None))):
            return


def _wanted(terms: Terms, old: Repeat | None, now: int) -> Repeat | None:
    if terms.cron is not None:
        check_repeat({"pattern": terms.cron, **({"tz": terms.tz} if terms.tz else {})}, now)
        if old is not None and (old.cron, old.tz) == (terms.cron, terms.tz):
            return old
        return Repeat(due=_next(terms.cron, terms.tz, now), cron=terms.cron, tz=terms.tz)
    if terms.repeat_secs is None:
        return None
    every = max(1, round(terms.repeat_secs * 1000))
    if old is None or old.every is None:
        return Repeat(due=now, every=every)
    if old.every == every or old.fired is None:
        return msgspec.structs.replace(old, every=every)
    return msgspec.structs.replace(old, due=old.fired + every, every=every)


def _next(pattern: str, tz: str | None, now: int) -> int:
    following = next_iteration({"pattern": pattern, **({"tz": tz} if tz else {})}, now)
    if following is None or following.millis is None:
        raise InvalidInput(f"The cron pattern {pattern!r} never comes")
    return following.millis
