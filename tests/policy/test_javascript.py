"""Expected values were made with Node 20."""

from typing import Any

import pytest

from corral.policy.javascript import fields, is_whole, number, parse_int, text, truthy, unexpected

TRUTHY: list[Any] = [[], {}, "0", -1]
FALSY: list[Any] = [0, 0.0, "", None, False]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (123456.789, "123456.789"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.25e30, "-1.25e+30"),
        (12345678901234567890, "12345678901234567000"),
        (2**53 + 1, "9007199254740992"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
        ("a", "a"),
        ([], ""),
        ([1, [2, None, "x"], {}], "1,2,,x,[object Object]"),
        ({"a": 1}, "[object Object]"),
    ],
)
def test_values_print_as_in_javascript(value: Any, printed: str) -> None:
    assert text(value) == printed


def test_no_printed_value_is_endless() -> None:
    nested: list[Any] = []
    for _ in range(5000):
        nested = [nested]
    assert len(text("x" * 5000)) == 1000
    assert text(nested) == "..."


def test_empty_arrays_and_objects_are_truthy() -> None:
    assert [truthy(value) for value in TRUTHY] == [True] * 4
    assert [truthy(value) for value in FALSY] == [False] * 5


def test_whole_numbers_include_floats_without_a_fraction_but_no_booleans() -> None:
    assert is_whole(5, 0)
    assert is_whole(5.0, 0)
    assert is_whole(2**53, 0)
    others: list[Any] = [5.5, -1, True, "5", None, 2**53 + 1, 1e300]
    assert not [value for value in others if is_whole(value, 0)]


def test_numbers_become_what_javascript_keeps() -> None:
    assert number(5.0) == 5
    assert type(number(5.0)) is int
    assert type(number(2**64)) is float
    assert number("5.0") == "5.0"
    with pytest.raises(OverflowError):
        number(10**400)


def test_integer_keys_come_first() -> None:
    assert list(fields({"b": 1, "10": 1, "2": 1, "01": 1, "4294967295": 1})) == ["2", "10", "b", "01", "4294967295"]
    assert list(fields("abc")) == list(fields([7, 8, 9])) == ["0", "1", "2"]
    assert list(fields(5)) == list(fields(None)) == []


def test_unexpected_names_the_first_field_that_is_not_allowed() -> None:
    assert unexpected({"a": 1}, {"a", "b"}) is None
    assert unexpected({"x": 1, "a": 1, "1": 1}, {"a"}) == "1"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("5", 5),
        ("5abc", 5),
        (" \u00a0\ufeff-7.9", -7),
        ("+3", 3),
        ("0x1F", 31),
        ("1e5", 1),
        ("", None),
        ("abc", None),
        ("- 5", None),
        ("0x", None),
        ("٣", None),
    ],
)
def test_parse_int(given: str, value: int | None) -> None:
    assert parse_int(given) == value


def test_parse_int_of_very_many_digits_is_large() -> None:
    large = parse_int("9" * 10_000)
    assert large is not None
    assert large > 2**53
