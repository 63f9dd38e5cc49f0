"""Dates as callers write them, numbers or text -> milliseconds since the epoch, as JavaScript reads them."""

import math
import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from corral.policy.cron.zone import DAY, EPOCH, Zone, zone_named

FURTHEST = 8_640_000_000_000_000  # JavaScript's largest date
UTC = zone_named("UTC")
ISO = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
    r"(?P<time>[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
RFC = re.compile(
    r"(?:[A-Za-z]{3}, )?[0-9]{1,2} [A-Za-z]{3} [0-9]{4} "
    r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})? (?:GMT|UTC|[+-][0-9]{4})"
)


def to_ms(value: Any, times_in: Zone, dates_in: Zone = UTC) -> int:
    """A number of milliseconds, an ISO 8601 date or time, or an HTTP or mail date. Raises ValueError.

    `times_in` is the zone of a time that names none, `dates_in` that of a date without a time.
    """
    if type(value) in (int, float) and math.isfinite(value) and abs(value) <= FURTHEST:
        return int(value)
    if isinstance(value, str):
        try:
            return _text(value, times_in, dates_in)
        except (ValueError, OverflowError):  # a form that is right with a day or an hour that is not
            pass
    raise ValueError("not a date")


def _text(value: str, times_in: Zone, dates_in: Zone) -> int:
    if match := ISO.fullmatch(value):
        return _iso(match, times_in if match["time"] else dates_in)
    if RFC.fullmatch(value):
        return _ms(parsedate_to_datetime(value))
    raise ValueError


def _iso(match: re.Match[str], zone: Zone) -> int:
    year, month, day, _, hour, minute, second, fraction, shift = match.groups()
    midnight = datetime(int(year), int(month or 1), int(day or 1), tzinfo=EPOCH.tzinfo)
    if hour == "24" and not any(map(int, (minute, second or "0", fraction or "0"))):
        midnight, hour = midnight + timedelta(days=1), "0"
    ms = int(f"{fraction or 0:0<3}"[:3])
    clock = midnight.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    wall = _ms(clock) // 1000
    instant = wall - _shift(shift) if shift else zone.instant(wall, zone.offset(wall - DAY))
    return instant * 1000 + ms


def _shift(text: str) -> int:
    if text in "Zz":
        return 0
    seconds = int(text[1:3]) * 3600 + int(text[-2:]) * 60
    return -seconds if text[0] == "-" else seconds


def _ms(when: datetime) -> int:
    return (when - EPOCH) // timedelta(milliseconds=1)
