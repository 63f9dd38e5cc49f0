"""Between a job's card and what is stored of it, and between a search and what the script takes."""

from typing import Any

import msgspec

from corral.model.job_card import JobCard
from corral.policy.metadata import Bound, Condition, OneOf, Prefix, Span, conditions, terms
from corral.store.job_index import CardQuery

TURNS = 1024
"""Of one millisecond; a turn may be given out to a second ahead of its time."""
SLACK = 1000 * TURNS
_LATEST = 2**53
_PLACES = {
    "waiting": ("wait", "paused", "waiting-children"),  # a job that waits for a place of its group is among the last
}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(JobCard).decode


class Place(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Where a card stands among all: newer ones are greater."""

    turn: int
    queue: str
    job_id: str


class Found(msgspec.Struct, frozen=True):
    """A card on a page."""

    place: Place
    state: str
    card: JobCard


def stored(card: JobCard) -> bytes:
    """`length:heads card`, as `lua/shared/cards.lua` says."""
    heads = _encode([card.application, terms(card.metadata)])
    return b"%d:%s%s" % (len(heads), heads, _encode(card))


def card_of(value: bytes) -> JobCard:
    """Of what is stored."""
    length, _, rest = value.partition(b":")
    return _decode(rest[int(length) :])


def asked(query: CardQuery, queue: str, after: Place | None, limit: int, look: int) -> bytes:
    """The search as `lua/card_page-1.lua` takes it."""
    first, last = query.submitted
    return _encode(
        {
            "app": query.application,
            "low": 0 if first is None else first * TURNS,
            "high": _LATEST if last is None else last * TURNS + SLACK,
            "from": None if after is None else _start(after, queue),
            "conditions": [_condition(one) for one in conditions(query.filters)],
            "states": query.states,
            "places": None if query.states is None else places(query.states),
            "limit": limit,
            "look": look,
        }
    )


def is_in_time(query: CardQuery, card: JobCard) -> bool:
    """Turns are not exact."""
    first, last = query.submitted
    return (first is None or card.submitted_at >= first) and (last is None or card.submitted_at < last)


def places(states: tuple[str, ...]) -> list[str]:
    """BullMQ's keys in which jobs of these states are."""
    return list(dict.fromkeys(key for state in states for key in _PLACES.get(state, (state,))))


def _start(after: Place, queue: str) -> tuple[str, str]:
    if queue == after.queue:
        return str(after.turn), after.job_id
    return str(after.turn if queue < after.queue else after.turn - 1), ""


def _condition(condition: Condition) -> list[Any]:
    match condition:
        case OneOf(member, texts):
            return ["of", member, texts]
        case Prefix(member, text):
            return ["s", member, "-", "+", {"prefix": text, "low": False, "high": False}]
        case Span(member, kind, low, high):
            ends = ("-inf", "+inf", "") if kind == "n" else ("-", "+", "[")
            test = {"low": low or False, "high": high or False}
            return [kind, member, _end(low, ends[0], ends[2]), _end(high, ends[1], ends[2]), test]


def _end(bound: Bound | None, none: str, included: str) -> str:
    if bound is None:
        return none
    return f"{included if bound.included else '('}{bound.value}"
