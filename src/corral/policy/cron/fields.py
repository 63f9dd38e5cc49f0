"""What a cron pattern names, as bit masks: bit n of `hours` is set when hour n is scheduled."""

from datetime import date

import msgspec

WEEKDAYS = 7


class Fields(msgspec.Struct, frozen=True, gc=False):
    """One parsed pattern. Weekdays count from Sunday = 0.

    `any_day` and `any_weekday` are true for a bare `*` or `?` alone: `1-31` is a restriction to cron.
    """

    seconds: int
    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    any_day: bool
    any_weekday: bool
    last_day: bool = False
    last_weekdays: int = 0
    nth: int = 0

    def is_run_day(self, day: date) -> bool:
        """Either day field is enough when both are restricted; else the restricted one decides."""
        if self.any_weekday:
            return self._in_days(day)
        return self._in_weekdays(day) or (not self.any_day and self._in_days(day))

    def _in_days(self, day: date) -> bool:
        return bool(self.days >> day.day & 1) or (self.last_day and day.day == month_length(day))

    def _in_weekdays(self, day: date) -> bool:
        weekday = day.isoweekday() % WEEKDAYS
        if self.weekdays >> weekday & 1 and self.nth in (0, -(-day.day // WEEKDAYS)):
            return True
        return bool(self.last_weekdays >> weekday & 1) and day.day > month_length(day) - WEEKDAYS


def at_or_after(mask: int, value: int) -> int | None:
    """The first number from `value` on that `mask` holds."""
    rest = mask >> value
    return value + (rest & -rest).bit_length() - 1 if rest else None


def first(mask: int) -> int:
    """The smallest number in `mask`, which is never empty in a parsed pattern."""
    return (mask & -mask).bit_length() - 1


def month_length(day: date) -> int:
    if day.month == 2:
        return 29 if day.year % 4 == 0 and (day.year % 100 or day.year % 400 == 0) else 28
    return 30 if day.month in (4, 6, 9, 11) else 31
