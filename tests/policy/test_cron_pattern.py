"""Which patterns are taken, what they mean, and what is said of the others."""

import re

import pytest

from corral.model.errors import InvalidInput
from corral.policy.cron.fields import Fields
from corral.policy.cron.pattern import parse


def fields(pattern: str) -> Fields:
    return parse(pattern, pattern)


def values(mask: int) -> list[int]:
    return [n for n in range(mask.bit_length()) if mask >> n & 1]


@pytest.mark.parametrize(
    ("alias", "pattern"),
    [
        ("@yearly", "0 0 0 1 1 *"),
        ("@annually", "0 0 0 1 1 *"),
        ("@monthly", "0 0 0 1 * *"),
        ("@weekly", "0 0 0 * * 0"),
        ("@daily", "0 0 0 * * *"),
        ("@hourly", "0 0 * * * *"),
        ("@minutely", "0 * * * * *"),
        ("@secondly", "* * * * * *"),
        ("@weekdays", "0 0 0 * * MON-FRI"),
        ("@weekends", "0 0 0 * * SUN,SAT"),
        ("* * * *", "0 * * * * *"),
        ("5", "0 * * * * 5"),
        ("  1\t2  3 4 5 \n", "0 1 2 3 4 5"),
        ("* * * Jan-MAR fri", "0 * * * 1-3 5"),
        ("*/20 0 * * *", "0 0,20,40 0 * * *"),
        ("50/4 * * * *", "0 50,54,58 * * * *"),
        ("1-9/3,58 * * * *", "0 1,4,7,58 * * * *"),
        ("0 0 ? * ?", "0 0 0 * * *"),
        ("0 0 * * 7", "0 0 0 * * 0"),
    ],
)
def test_these_mean_the_same(alias: str, pattern: str) -> None:
    assert fields(alias) == fields(pattern)


def test_a_weekday_range_up_to_seven_holds_sunday() -> None:
    assert values(fields("* * * * 5-7").weekdays)[:3] == [0, 5, 6]
    assert 0 not in values(fields("* * * * 4-7/2").weekdays)


def test_only_a_bare_star_is_no_restriction() -> None:
    assert fields("0 0 * * *").any_day
    assert not fields("0 0 1-31 * *").any_day
    assert not fields("0 0 * * */1").any_weekday


def test_last_days() -> None:
    assert fields("0 0 L * *").last_day
    assert values(fields("0 0 * * 1L,7L").last_weekdays) == [0, 1]
    assert fields("0 0 * * 3#4").nth == 4


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "it takes 5 fields, or 6 with seconds"),
        ("   ", "it takes 5 fields, or 6 with seconds"),
        ("* * * * * * *", "it takes 5 fields, or 6 with seconds"),
        ("60 * * * *", "minute 60: takes 0 to 59"),
        ("* 24 * * *", "hour 24: takes 0 to 23"),
        ("* * 0 * *", "day of month 0: takes 1 to 31"),
        ("* * * 13 *", "month 13: takes 1 to 12"),
        ("* * * * 8", "day of week 8: takes 0 to 7"),
        ("* * * * L", "day of week L: takes 0 to 7"),
        ("* * * foo *", "month foo: foo is no name"),
        ("@reboot", "day of week @reboot: reb is no name"),
        ("* * * * 5W", "day of week 5W: has characters that do not belong there"),
        ("L * * * *", "minute L: has characters that do not belong there"),
        ("1,,2 * * * *", "minute 1,,2: takes 0 to 59"),
        ("5-1 * * * *", "minute 5-1: takes ranges from 0 to 59, the smaller number first"),
        ("-5 * * * *", "minute -5: takes ranges from 0 to 59, the smaller number first"),
        ("*/0 * * * *", "minute */0: a step must be at least 1"),
        ("*/ * * * *", "minute */: a step must be at least 1"),
        ("1/2/3 * * * *", "minute 1/2/3: has two steps in one part"),
        ("1,1 * * * *", "minute 1,1: names a value twice"),
        ("* * * * 0,7", "day of week 0,7: names a value twice"),
        ("* * * * 1#6", "# takes a number from 1 to 5"),
        ("* * * * 1-3#2", "# does not go with a list, range or step"),
        ("H/0 * * * *", "minute H/0: a step must be at least 1"),
        ("* H(30-40) * * *", "hour H(30-40): H(30-40) holds no value from 0 to 23"),
        ("0 0 30 2 *", "that month has no such day"),
        ("0 0 31 4 *", "that month has no such day"),
    ],
)
def test_the_refusal_says_why(pattern: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{re.escape(f'Invalid cron pattern: {pattern}: {why}')}$"):
        fields(pattern)


def test_a_weekday_saves_a_day_that_the_month_lacks() -> None:
    assert fields("0 0 31 4 1").days


def test_an_endless_pattern_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(InvalidInput, match=r"^Invalid cron pattern: longer than 1024 characters$"):
        fields("* " * 600)
