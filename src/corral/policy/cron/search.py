"""The next run: by calendar alone while the clocks stand still, step by step near a change of the clocks."""

from datetime import date

from corral.policy.cron.fields import Fields, at_or_after, first, month_length
from corral.policy.cron.walk import Walk
from corral.policy.cron.zone import DAY, HOUR, MINUTE, Zone, day_of, wall_of

YEARS = 41  # 29 February on a given weekday comes back within 40 years
EARLIEST, LATEST = -(2**35), 2**37  # seconds; the years 881 and 6325, well inside what `date` can hold


class Search:
    """Walks from run to run, starting after `ms`."""

    def __init__(self, fields: Fields, zone: Zone, ms: int) -> None:
        self._fields = fields
        self._zone = zone
        self._walk = Walk(fields, zone, ms) if EARLIEST < ms // 1000 < LATEST else None

    def next_run(self) -> int | None:
        """Seconds since the epoch; None when there is no further run."""
        walk = self._walk
        if walk is None:
            return None
        wall = next_wall(self._fields, walk.wall + 1)
        if wall is None:
            return None
        offset = None if walk.remembers_change else self._steady_offset(walk.wall, wall, walk.offset)
        if offset is None:
            return walk.next_run()
        walk.jump(wall - offset)
        return wall - offset

    def _steady_offset(self, start: int, end: int, offset: int) -> int | None:
        """The offset at `end`, when the clocks change neither on that day nor on the day of `start`."""
        there = self._zone.steady_offset(start, offset)
        if there is None or start // DAY == end // DAY:
            return there
        return self._zone.steady_offset(end, there)


def next_wall(fields: Fields, wall: int) -> int | None:
    """The first scheduled wall-clock time from `wall` on, on a clock that is never changed."""
    day = day_of(wall)
    if fields.months >> day.month & 1 and fields.is_run_day(day):
        second = next_second_of_day(fields, wall % DAY)
        if second is not None:
            return wall - wall % DAY + second
    run_day = _run_day_after(fields, day)
    if run_day is None:
        return None
    return wall_of(run_day) + _second(first(fields.hours), first(fields.minutes), first(fields.seconds))


def next_second_of_day(fields: Fields, second: int) -> int | None:
    hour, minute = second // HOUR, second // MINUTE % 60
    if fields.hours >> hour & 1:
        if fields.minutes >> minute & 1:
            found = at_or_after(fields.seconds, second % MINUTE)
            if found is not None:
                return _second(hour, minute, found)
        found = at_or_after(fields.minutes, minute + 1)
        if found is not None:
            return _second(hour, found, first(fields.seconds))
    found = at_or_after(fields.hours, hour + 1)
    if found is None:
        return None
    return _second(found, first(fields.minutes), first(fields.seconds))


def _run_day_after(fields: Fields, day: date) -> date | None:
    year, month, number = day.year, day.month, day.day
    for _ in range(YEARS * 12):
        if fields.months >> month & 1:
            length = month_length(date(year, month, 1))
            for candidate in range(number + 1, length + 1):
                if fields.is_run_day(found := date(year, month, candidate)):
                    return found
        year, month, number = (year + 1, 1, 0) if month == 12 else (year, month + 1, 0)
    return None


def _second(hour: int, minute: int, second: int) -> int:
    return hour * HOUR + minute * MINUTE + second
