"""What of a job's metadata can be searched for, and what the conditions of a search mean."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from corral.model.errors import InvalidInput
from corral.model.job_card import Filter
from corral.policy import javascript

MOST_BYTES = 65_536
MOST_TERMS = 64
MOST_FILTERS = 32
LONGEST = 512
"""Characters of a member's name, or of the text of its value, that can be searched for."""

Kind = Literal["s", "n", "b"]


class Term(msgspec.Struct, frozen=True, array_like=True):
    """One member whose value is a string, a number or a boolean (`kind`), by its text."""

    member: str
    kind: Kind
    text: str


class OneOf(msgspec.Struct, frozen=True, array_like=True, tag="of"):
    """The member has one of the texts."""

    member: str
    texts: tuple[str, ...]


class Bound(msgspec.Struct, frozen=True, array_like=True):
    """One end of a range."""

    value: Any
    included: bool


class Span(msgspec.Struct, frozen=True, array_like=True, tag="span"):
    """The member is a number, or a string, between the bounds."""

    member: str
    kind: Kind
    low: Bound | None = None
    high: Bound | None = None


class Prefix(msgspec.Struct, frozen=True, array_like=True, tag="prefix"):
    """The member is a string that begins with this."""

    member: str
    text: str


Condition = OneOf | Span | Prefix


def terms(metadata: Mapping[str, Any]) -> list[Term]:
    """Those that can be searched for. Lists, objects, null and what is too long cannot."""
    found = (_term(member, value) for member, value in metadata.items())
    return [term for term in found if term is not None]


def check_metadata(metadata: Any) -> dict[str, Any]:
    """Raises `InvalidInput` for what is no object, or too big."""
    if not isinstance(metadata, dict):
        raise InvalidInput("Metadata must be an object")
    if len(msgspec.json.encode(metadata)) > MOST_BYTES:
        raise InvalidInput(f"Metadata must be at most {MOST_BYTES} bytes of JSON")
    if len(terms(metadata)) > MOST_TERMS:
        raise InvalidInput(f"Metadata can have at most {MOST_TERMS} members that are strings, numbers or booleans")
    return metadata


def conditions(filters: Iterable[Filter]) -> list[Condition]:
    """All of which must hold; ranges of one member are put together. Raises `InvalidInput`."""
    found: list[Condition] = []
    spans: dict[tuple[str, Kind], Span] = {}
    for one in filters:
        match one.comparison:
            case "eq":
                found.append(OneOf(one.member, (_text(one.value),)))
            case "in":
                found.append(OneOf(one.member, tuple(dict.fromkeys(map(_text, _listed(one))))))
            case "prefix":
                found.append(Prefix(one.member, _string(one)))
            case _:
                span = _span(one)
                key = (span.member, span.kind)
                spans[key] = _narrower(spans[key], span) if key in spans else span
    if len(found) + len(spans) > MOST_FILTERS:
        raise InvalidInput(f"At most {MOST_FILTERS} conditions can be asked for")
    return [*found, *spans.values()]


def _term(member: str, value: Any) -> Term | None:
    if isinstance(value, bool):
        kind: Kind = "b"
    elif isinstance(value, (int, float)):
        kind = "n"
    elif isinstance(value, str):
        kind = "s"
    else:
        return None
    text = _text(value)
    return Term(member, kind, text) if len(text) <= LONGEST and len(member) <= LONGEST else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    if not isinstance(value, (bool, float)):
        raise InvalidInput("Metadata compares with strings, numbers and booleans")
    return javascript.text(value)


def _listed(one: Filter) -> list[Any]:
    if not isinstance(one.value, (list, tuple)) or not 1 <= len(one.value) <= 100:
        raise InvalidInput(f"metadata.{one.member}: `in` takes 1 to 100 values")
    return list(one.value)


def _string(one: Filter) -> str:
    if not isinstance(one.value, str):
        raise InvalidInput(f"metadata.{one.member}: a prefix is a string")
    return one.value


def _span(one: Filter) -> Span:
    if not isinstance(one.value, (str, int, float)) or isinstance(one.value, bool):
        raise InvalidInput(f"metadata.{one.member}: a range is of numbers or of strings")
    kind: Kind = "s" if isinstance(one.value, str) else "n"
    bound = Bound(one.value, one.comparison in ("gte", "lte"))
    return Span(one.member, kind, bound) if one.comparison in ("gte", "gt") else Span(one.member, kind, None, bound)


def _narrower(one: Span, other: Span) -> Span:
    lows = [span.low for span in (one, other) if span.low]
    highs = [span.high for span in (one, other) if span.high]
    low = max(lows, key=lambda bound: (bound.value, not bound.included), default=None)
    high = min(highs, key=lambda bound: (bound.value, bound.included), default=None)
    return Span(one.member, one.kind, low, high)
