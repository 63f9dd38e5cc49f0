"""Cron pattern text -> Fields. What is accepted, and the odd corners, are those of `cron-parser` 5.10."""

import re
from collections.abc import Sequence

import msgspec

from corral.model.errors import InvalidInput
from corral.policy.cron.fields import Fields
from corral.policy.cron.hashed import expand, fractions

MAX_LENGTH = 1024
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@minutely": "* * * * *",
    "@secondly": "* * * * * *",
    "@weekdays": "0 0 * * 1-5",
    "@weekends": "0 0 * * 0,6",
}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
NAMES = {name: n for names, low in ((MONTHS, 1), (WEEKDAYS, 0)) for n, name in enumerate(names, low)}
DEFAULTS = ["0", "*", "*", "*", "*", "*"]
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# White space as JavaScript knows it; str.split() has other ideas about control characters.
SPACE = re.compile("[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
NAME = re.compile("[A-Za-z]{3}")
LEADING_NUMBER = re.compile("[0-9]+")
LAST = re.compile("[0-9]{0,2}L")
NTH = re.compile("0*[1-5]")


class Kind(msgspec.Struct, frozen=True):
    """One of the six fields: its bounds, the characters that it takes, and whether it takes names."""

    name: str
    low: int
    high: int
    allowed: re.Pattern[str] = re.compile("[0-9,/-]+")
    named: bool = False


WITH_LAST = re.compile("[0-9,/L-]+")
SECOND, MINUTE, HOUR = Kind("second", 0, 59), Kind("minute", 0, 59), Kind("hour", 0, 23)
DAY, MONTH = Kind("day of month", 1, 31, WITH_LAST), Kind("month", 1, 12, named=True)
WEEKDAY = Kind("day of week", 0, 7, WITH_LAST, named=True)


def parse(pattern: str, seed: str) -> Fields:
    """Raises InvalidInput. `seed` decides what `H` stands for."""
    if len(pattern) > MAX_LENGTH:
        raise InvalidInput(f"Invalid cron pattern: longer than {MAX_LENGTH} characters")
    try:
        return _fields(_split(ALIASES.get(pattern, pattern)), seed)
    except ValueError as error:
        raise InvalidInput(f"Invalid cron pattern: {pattern}: {error}") from None


def _split(pattern: str) -> list[str]:
    parts = [part for part in SPACE.split(pattern) if part]
    if not 1 <= len(parts) <= len(DEFAULTS):
        raise ValueError("it takes 5 fields, or 6 with seconds")
    return DEFAULTS[: len(DEFAULTS) - len(parts)] + parts


def _fields(texts: list[str], seed: str) -> Fields:
    second, minute, hour, day, month, weekday = texts
    weekday_text, nth = _nth(weekday)
    draw = fractions(seed)
    # The order in which the fields draw their `H` is part of what a seed means.
    seconds = _mask(_values(second, SECOND, next(draw)))
    minutes = _mask(_values(minute, MINUTE, next(draw)))
    hours = _mask(_values(hour, HOUR, next(draw)))
    months = _mask(_values(month, MONTH, next(draw)))
    days = _mask(_values(day, DAY, next(draw)))
    weekday_values = _values(weekday_text, WEEKDAY, next(draw))
    fields = Fields(
        seconds=seconds,
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=_mask(weekday_values),
        any_day=day in ("*", "?"),
        any_weekday=weekday in ("*", "?"),
        last_day="L" in day,
        last_weekdays=_last_weekdays(weekday_values) if "L" in weekday else 0,
        nth=nth,
    )
    _check_some_day_exists(fields)
    return fields


def _nth(weekday: str) -> tuple[str, int]:
    """`5#2`, the second Friday, stands for the one weekday field that has it."""
    text, mark, nth = weekday.partition("#")
    if not mark:
        return text, 0
    if set(weekday) & set(",-/"):
        raise ValueError("# does not go with a list, range or step")
    if not NTH.fullmatch(nth):
        raise ValueError("# takes a number from 1 to 5")
    return text, int(nth)


def _values(text: str, kind: Kind, fraction: float) -> list[int | str]:
    """What one field names: numbers, and `L` texts as they stand."""
    try:
        plain = _number_names(text) if kind.named else text
        plain = re.sub("[*?]", f"{kind.low}-{kind.high}", plain)
        plain = expand(plain, kind.low, kind.high, fraction)
        if not kind.allowed.fullmatch(plain):
            raise ValueError("has characters that do not belong there")
        values = [value for part in plain.split(",") for value in _part(part, kind)]
    except ValueError as error:
        raise ValueError(f"{kind.name} {text}: {error}") from None
    if len(set(values)) < len(values):
        raise ValueError(f"{kind.name} {text}: names a value twice")
    return values


def _number_names(text: str) -> str:
    def number(match: re.Match[str]) -> str:
        if (found := NAMES.get(match[0].lower())) is None:
            raise ValueError(f"{match[0]} is no name")
        return str(found)

    return NAME.sub(number, text)


def _part(part: str, kind: Kind) -> Sequence[int | str]:
    span, slash, step = part.partition("/")
    if "/" in step:
        raise ValueError("has two steps in one part")
    if slash and "-" not in span:
        span = f"{span}-{kind.high}"
    if "-" not in span:
        return [_single(span, kind)]
    low, high, *_ = span.split("-")
    return _span(_leading(low), _leading(high), _leading(step) if slash else 1, kind)


def _single(text: str, kind: Kind) -> int | str:
    if LAST.fullmatch(text) and not (text == "L" and kind is WEEKDAY):
        return text
    if not text.isdecimal() or not kind.low <= int(text) <= kind.high:
        raise ValueError(f"takes {kind.low} to {kind.high}")
    return int(text) % 7 if kind is WEEKDAY else int(text)


def _span(low: int, high: int, step: int, kind: Kind) -> list[int]:
    if not kind.low <= low <= high <= kind.high:
        raise ValueError(f"takes ranges from {kind.low} to {kind.high}, the smaller number first")
    if step < 1:
        raise ValueError("a step must be at least 1")
    values = list(range(low, high + 1, step))
    if kind is WEEKDAY and high % 7 == 0 and (high - low) % step == 0 and 0 not in values:
        values.append(0)
    return values


def _leading(text: str) -> int:
    """JavaScript's parseInt, which stops at the first other character; -1 where it gives NaN."""
    match = LEADING_NUMBER.match(text)
    return int(match[0]) if match else -1


def _mask(values: Sequence[int | str]) -> int:
    return sum(1 << value for value in values if isinstance(value, int))


def _last_weekdays(values: Sequence[int | str]) -> int:
    """One `L` makes every weekday of its field mean "also the last one"; of `15L` the 1 counts."""
    return _mask(list({int(str(value)[0]) % 7 for value in values}))


def _check_some_day_exists(fields: Fields) -> None:
    """Refuses a first day beyond the end of the only month, such as 31 in April."""
    months = [month for month in range(1, 13) if fields.months >> month & 1]
    if len(months) > 1 or fields.last_day or not fields.any_weekday:
        return
    if not fields.days & (2 << LONGEST_MONTHS[months[0] - 1]) - 1:
        raise ValueError("that month has no such day")
