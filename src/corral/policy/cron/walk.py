"""The search near a change of the clocks, in the steps that `cron-parser` takes.

Its answers there follow no short rule, and a Node scheduler on the same queue must come to the same ones:

- An hour that the clocks skip runs in the hour that they land in.
- An hour that they show twice runs once, unless the pattern names every hour: then both times.
- Which of this a search knows depends on the steps it took, so a search that starts inside the changed hour
  may answer otherwise than one that passed through it.

One thing is ours. Where the clocks go back in the middle of an hour (Australia/Lord_Howe, Pacific/Chatham),
the step "an hour on, then down to the full hour" may lead back in time: `cron-parser` then answers with the
past or gives up. Here the step goes to the next full hour that the clock shows.
"""

from datetime import date

from corral.policy.cron.fields import Fields, at_or_after, first, month_length
from corral.policy.cron.zone import DAY, HOUR, MINUTE, Zone, day_of, wall_of

MOST_STEPS = 10_000
HOURS = 24
EVERY_HOUR = (1 << HOURS) - 1


class Walk:
    """A place in time, and what the walk to it saw of the clocks changing. Seconds since the epoch."""

    def __init__(self, fields: Fields, zone: Zone, ms: int) -> None:
        self._fields = fields
        self._zone = zone
        self._between_seconds = ms % 1000 > 0
        self._skipped: tuple[int, int] | None = None  # the first hour skipped, the hour landed in
        self._repeated: int | None = None
        self._day_asked: int | None = None
        self._day_changes = False
        self._go(ms // 1000)

    def jump(self, instant: int) -> None:
        """Puts the walk down at a run that was found without walking."""
        self._between_seconds = False
        self._go(instant)

    @property
    def remembers_change(self) -> bool:
        return self._skipped is not None or self._repeated is not None

    def next_run(self) -> int | None:
        """Goes to the next run; None when it is not found within the steps that a pattern is given."""
        start = None if self._between_seconds else self.instant
        if self._between_seconds:
            self._between_seconds = False
            self._step_second()
        for _ in range(MOST_STEPS):
            if not self._is_run():
                continue
            if self.instant != start:
                return self.instant
            self._step_second()
        return None

    def _is_run(self) -> bool:
        """Whether it is time to run; if not, moves on."""
        day = day_of(self.wall)
        if not self._fields.months >> day.month & 1:
            self._step_month(day)
        elif not self._fields.is_run_day(day):
            self._step_day()
        elif self._is_run_hour():
            if not self._fields.minutes >> self._minute & 1:
                self._next_minute()
            elif not self._fields.seconds >> self._second & 1:
                self._next_second()
            else:
                return True
        return False

    def _is_run_hour(self) -> bool:
        hour, hours = self._hour, self._fields.hours
        if self._skipped_a_run(hour):
            return True
        if self._repeated == hour:
            self._repeated = None
            self._step_hour()
            return False
        if hours >> hour & 1:
            return True
        self._skipped = None
        following = at_or_after(hours, hour + 1)
        if following is None:
            self._step_day()
        else:
            self._to_hour(hour, following)
        return False

    def _skipped_a_run(self, hour: int) -> bool:
        if self._skipped is None or self._skipped[1] != hour:
            return False
        missed = (self._skipped[0] + n for n in range((hour - self._skipped[0]) % HOURS))
        return any(self._fields.hours >> n % HOURS & 1 for n in missed)

    def _to_hour(self, hour: int, wanted: int) -> None:
        if self._is_change_day():
            for _ in range(wanted - hour):
                self._step_hour()
                if self._hour >= wanted:
                    break
        else:
            self._show(self.wall + (wanted - hour) * HOUR)
        self._to_first_minute()

    def _next_minute(self) -> None:
        minute = at_or_after(self._fields.minutes, self._minute + 1)
        if minute is None:
            self._step_hour()
            self._to_first_minute()
        else:
            self._show(self.wall + (minute - self._minute) * MINUTE)
            self._to_first_second()

    def _next_second(self) -> None:
        second = at_or_after(self._fields.seconds, self._second + 1)
        if second is None:
            self._step_minute()
            self._to_first_second()
        else:
            self._show(self.wall + second - self._second)

    def _to_first_minute(self) -> None:
        self._show(self.wall + (first(self._fields.minutes) - self._minute) * MINUTE)
        self._to_first_second()

    def _to_first_second(self) -> None:
        self._show(self.wall + first(self._fields.seconds) - self._second)

    def _step_month(self, day: date) -> None:
        year, month = divmod(day.year * 12 + day.month, 12)
        following = date(year, month + 1, 1)
        number = min(day.day, month_length(following))
        self._show(wall_of(following.replace(day=number)) + self.wall % DAY)
        self._show(wall_of(day_of(self.wall).replace(day=1)))

    def _step_day(self) -> None:
        self._go(self._zone.next_day(self.instant))

    def _step_hour(self) -> None:
        hour, offset, instant = self._hour, self.offset, self.instant
        self._go(instant + HOUR)
        self._show(self.wall - self.wall % HOUR)
        if self.instant <= instant:
            self._go(instant)
            self._show(self.wall - self.wall % HOUR + HOUR)
        self._note_change(hour, offset)

    def _step_minute(self) -> None:
        hour, offset = self._hour, self.offset
        self._go(self.instant + MINUTE)
        self._show(self.wall - self._second)
        self._note_change(hour, offset)

    def _step_second(self) -> None:
        hour, offset = self._hour, self.offset
        self._go(self.instant + 1)
        self._note_change(hour, offset)

    def _note_change(self, hour: int, offset: int) -> None:
        """Remembers a change of the clocks that the last step, from this hour and offset, went over."""
        if self._fields.hours == EVERY_HOUR:
            return
        advance = (self._hour - hour) % HOURS
        if self.offset > offset and advance >= 2:
            self._skipped = ((hour + 1) % HOURS, self._hour)
        elif advance == 0 and self.wall % HOUR == 0:
            self._repeated = self._hour

    def _is_change_day(self) -> bool:
        """Whether the day ends at another offset than it began; answered once a day, as when first asked."""
        number = self.wall // DAY
        if number != self._day_asked:
            zone = self._zone
            begin = zone.offset(zone.day_start(self.instant))
            self._day_asked = number
            self._day_changes = begin != zone.offset(zone.next_day(self.instant) - 1)
        return self._day_changes

    def _go(self, instant: int) -> None:
        self.instant = instant
        self.offset = self._zone.offset(instant)
        self.wall = instant + self.offset

    def _show(self, wall: int) -> None:
        """To the time at which the wall clock shows `wall`."""
        self._go(self._zone.instant(wall, self.offset))

    @property
    def _hour(self) -> int:
        return self.wall // HOUR % HOURS

    @property
    def _minute(self) -> int:
        return self.wall // MINUTE % 60

    @property
    def _second(self) -> int:
        return self.wall % MINUTE
