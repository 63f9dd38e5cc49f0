"""How JavaScript sees a JSON value: what is falsy, what an integer is, how it prints."""

import math
import re
from collections.abc import Iterator, Set
from decimal import Decimal
from typing import Any, TypeGuard

import msgspec

UNDEFINED = msgspec.UNSET
MAX_SAFE = 2**53
_PRINTED = 1000
_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_LEADING_INTEGER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|(?!0[xX])([0-9]+))")
_WHITESPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))


def truthy(value: Any) -> bool:
    """Empty arrays and objects are truthy, unlike Python's."""
    return bool(value) or isinstance(value, (list, dict))


def is_number(value: Any) -> TypeGuard[int | float]:
    """`typeof value === "number"`: no booleans."""
    return type(value) in (int, float)


def is_whole(value: Any, low: int, high: int = MAX_SAFE) -> bool:
    """An integer in `low..high`; 5.0 is one, as in JavaScript."""
    return (type(value) is int or (type(value) is float and value.is_integer())) and low <= value <= high


def number(value: Any) -> Any:
    """A JSON number as JavaScript keeps it: 5.0 is 5, and what no 64 bits hold is a float. All else stays.

    Raises OverflowError for an integer that JavaScript takes for infinity.
    """
    if type(value) is float and value.is_integer() and abs(value) <= MAX_SAFE:
        return int(value)
    if type(value) is int and abs(value) >= 2**63:
        return float(value)
    return value


def text(value: Any) -> str:
    """`String(value)`, cut to 1,000 characters so that no error repeats a whole body."""
    try:
        return _string(value)[:_PRINTED]
    except RecursionError:
        return "..."


def fields(value: Any) -> Iterator[str]:
    """What `for (key in value)` goes through: integer keys first, in order; the rest as written."""
    if isinstance(value, (str, list)):
        yield from map(str, range(len(value)))
    elif isinstance(value, dict):
        indices = [key for key in value if _ARRAY_INDEX.fullmatch(key) and int(key) < 2**32 - 1]
        yield from sorted(indices, key=int)
        yield from (key for key in value if key not in indices) if indices else value


def unexpected(value: Any, allowed: Set[str]) -> str | None:
    """The first field that is not allowed."""
    if isinstance(value, dict) and value.keys() <= allowed:
        return None
    return next((field for field in fields(value) if field not in allowed), None)


def member(value: Any, name: str) -> Any:
    """`value[name]` for a name that no string, array or number has."""
    return value.get(name, UNDEFINED) if isinstance(value, dict) else UNDEFINED


def parse_int(given: str) -> int | None:
    """`parseInt(given)`: leading digits count and the rest does not; None stands for NaN.

    Beyond 30 digits the result is only known to be large.
    """
    found = _LEADING_INTEGER.match(given.lstrip(_WHITESPACE))
    if not found:
        return None
    sign, hexadecimal, decimal = found.groups()
    digits = (hexadecimal or decimal).lstrip("0")[:30] or "0"
    value = int(digits, 16 if hexadecimal else 10)
    return -value if sign == "-" else value


def _string(value: Any) -> str:
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, list):
        return ",".join("" if item is None else _string(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)


def _number(value: int | float) -> str:
    if type(value) is int and abs(value) <= MAX_SAFE:
        return str(value)
    try:
        value = float(value)
    except OverflowError:
        value = math.inf if value > 0 else -math.inf
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    return sign + _positional(*_shortest(abs(value)))


def _shortest(value: float) -> tuple[str, int]:
    """The fewest digits that mean this number, and where its point stands after the first of them."""
    _, figures, exponent = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, figures))
    return digits.rstrip("0"), len(digits) + int(exponent)


def _positional(digits: str, point: int) -> str:
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
