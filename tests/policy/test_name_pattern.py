import time

import pytest

from corral.policy.name_pattern import literal_start, matcher


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("*", ["", "a", "a b"], []),
        ("mail", ["mail"], ["mails", "Mail", "e-mail"]),
        ("mail*", ["mail", "mail-2"], ["e-mail"]),
        ("*mail", ["mail", "e-mail"], ["mails"]),
        ("m?il", ["mail", "mäil"], ["mil", "maail"]),
        ("a*b*c", ["abc", "a--b--c"], ["acb"]),
        ("[ab]", ["[ab]"], ["a"]),
        ("a.b\\", ["a.b\\"], ["axb\\"]),
        ("a\nb*", ["a\nb", "a\nb\n"], []),
    ],
)
def test_what_fits(pattern: str, fits: list[str], does_not: list[str]) -> None:
    match = matcher(pattern)
    assert all(map(match, fits))
    assert not any(map(match, does_not))


def test_many_stars_take_no_longer() -> None:
    begun = time.perf_counter()
    assert not matcher("*a" * 90 + "b")("a" * 100)
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize(("pattern", "start"), [("*", ""), ("mail*", "mail"), ("a?b", "a"), ("mail", "mail"), ("", "")])
def test_the_start_that_all_have(pattern: str, start: str) -> None:
    assert literal_start(pattern) == start
