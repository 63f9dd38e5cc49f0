"""Cron: a parsed pattern in its time zone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from corral.policy.cron.fields import Fields
from corral.policy.cron.pattern import parse
from corral.policy.cron.search import Search
from corral.policy.cron.zone import Zone, zone_named


@dataclass(frozen=True, slots=True)
class Cron:
    """When a pattern runs. All times are milliseconds since the epoch, runs fall on whole seconds."""

    fields: Fields
    zone: Zone

    @classmethod
    def parse(cls, pattern: str, tz: str | None = None, *, local: str = "UTC", seed: str | None = None) -> Self:
        """A pattern of 5 fields, of 6 with seconds first, or an alias such as `@daily`.

        `tz` is an IANA name; without it the zone `local` counts. `seed` decides what `H` stands for, as the
        option `hashSeed` does in Node; without it the pattern itself does, so that the same pattern keeps the
        same times (Node draws new ones each time). Raises InvalidInput.
        """
        fields = _parsed(pattern, seed or pattern)
        return cls(fields, zone_named(local if tz is None else tz, local))

    def next_after(self, ms: int) -> int | None:
        """The first run after `ms`, never `ms` itself; None when the pattern never runs again."""
        run = Search(self.fields, self.zone, ms).next_run()
        return None if run is None else run * 1000

    def take(self, ms: int, count: int) -> list[int]:
        """The next runs, at most `count`.

        Near a change of the clocks a chain of `next_after`, which forgets what it passed, may differ.
        """
        search = Search(self.fields, self.zone, ms)
        runs: list[int] = []
        while len(runs) < count and (run := search.next_run()) is not None:
            runs.append(run * 1000)
        return runs


@lru_cache(maxsize=512)
def _parsed(pattern: str, seed: str) -> Fields:
    return parse(pattern, seed)
