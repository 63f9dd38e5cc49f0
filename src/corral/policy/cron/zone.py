"""Time zones, and wall-clock time in them as whole seconds ("as if the clock on the wall showed UTC")."""

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache

from corral.model.errors import InvalidInput

MINUTE, HOUR, DAY = 60, 3600, 86400
MARGIN = 6 * HOUR  # a change this near to a day's edges counts as one on that day
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIXED = re.compile(r"utc([+-][0-9]{1,2})(?::([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone; every time is in seconds since the epoch, every offset in seconds east of UTC."""

    clock: tzinfo

    def offset(self, instant: int) -> int:
        shift = (EPOCH + timedelta(seconds=instant)).astimezone(self.clock).utcoffset()
        assert shift is not None
        return shift.days * DAY + shift.seconds

    def instant(self, wall: int, near: int) -> int:
        """When the wall clock shows `wall`.

        Shown twice: the time with the offset `near`. Never shown: as much later as the clocks jump.
        """
        there = self.offset(wall - near)
        if there == near:
            return wall - near
        again = self.offset(wall - there)
        return wall - min(there, again)

    def day_start(self, instant: int) -> int:
        """Midnight, or the day's first moment when the clocks skip midnight."""
        offset = self.offset(instant)
        return self.instant((instant + offset) // DAY * DAY, offset)

    def next_day(self, instant: int) -> int:
        offset = self.offset(instant)
        return self.day_start(self.instant(instant + offset + DAY, offset))

    def steady_offset(self, wall: int, near: int) -> int | None:
        """The offset of the whole day around `wall`, or None when the clocks change on it."""
        midnight = wall - wall % DAY
        offset = self.offset(midnight + DAY // 2 - near)
        before = self.offset(midnight - offset - MARGIN)
        after = self.offset(midnight - offset + DAY + MARGIN)
        return offset if before == offset == after else None


def day_of(wall: int) -> date:
    return date.fromordinal(EPOCH.toordinal() + wall // DAY)


def wall_of(day: date) -> int:
    return (day.toordinal() - EPOCH.toordinal()) * DAY


@lru_cache(maxsize=512)
def zone_named(name: str, local: str = "UTC") -> Zone:
    """The zone of an IANA name in any letter case, `UTC+3`, or `local`, which means the zone `local`."""
    if name.lower() in ("local", "system", "default"):
        name = local
    clock = _fixed(name.lower()) or _named(name)
    if clock is None:
        raise InvalidInput(f"Invalid timezone: {name[:64]}")
    return Zone(clock)


def _fixed(name: str) -> tzinfo | None:
    if name in ("utc", "gmt"):
        return UTC
    match = FIXED.fullmatch(name)
    if match is None:
        return None
    minutes = abs(int(match[1])) * MINUTE + int(match[2] or 0)
    if minutes >= 24 * MINUTE:
        return None
    return timezone(timedelta(minutes=-minutes if match[1][0] == "-" else minutes))


def _named(name: str) -> tzinfo | None:
    known = _zone_names().get(name.lower())
    return zoneinfo.ZoneInfo(known) if known else None


@cache
def _zone_names() -> dict[str, str]:
    """Reads the zone database's list once: a name that is only tried may hit other files of its folder."""
    return {name.lower(): name for name in zoneinfo.available_timezones() - {"Factory", "localtime"}}
