"""Between a job's card and its row, and between a search and what the function takes."""

from collections.abc import Sequence
from typing import Any

import msgspec

from corral.model.job_card import JobCard
from corral.policy.metadata import Bound, OneOf, Prefix, Span, conditions, terms
from corral.store.job_index import CardQuery

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(JobCard).decode
_NUL = "\0"


def columns(cards: Sequence[JobCard]) -> tuple[list[Any], ...]:
    """The parameters of `put_cards`, but for the last."""
    searched = [_searched(card) for card in cards]
    return (
        [card.queue for card in cards],
        [card.job_id for card in cards],
        [card.application for card in cards],
        [card.submitted_at for card in cards],
        [metadata for metadata, _ in searched],
        [words for _, words in searched],
        [content(card) for card in cards],
    )


def content(card: JobCard) -> bytes:
    """The whole card as it is stored."""
    return _encode(card)


def card_of(content: bytes) -> JobCard:
    """Of what is stored."""
    return _decode(content)


def asked(query: CardQuery) -> str:
    """The search as `card_where` takes it."""
    found: dict[str, list[Any]] = {"all": [], "any": [], "ranges": []}
    for condition in conditions(query.filters):
        match condition:
            case OneOf(member, (text,)):
                found["all"].append(_term(member, text))
            case OneOf(member, texts):
                found["any"].append([_term(member, text) for text in texts])
            case Prefix(member, text):
                found["ranges"].append({"member": member, "kind": "s", "prefix": text})
            case Span(member, kind, low, high):
                found["ranges"].append({"member": member, "kind": kind, **_ends(low, high)})
    first, last = query.submitted
    scope = {"application": query.application, "queues": query.queues, "from": first, "before": last}
    return _encode(found | {name: value for name, value in scope.items() if value is not None}).decode()


def _searched(card: JobCard) -> tuple[str, str]:
    """The metadata that can be searched for, as they are and as terms; Postgres takes no NUL."""
    found = [term for term in terms(card.metadata) if _NUL not in term.text and _NUL not in term.member]
    metadata = {term.member: card.metadata[term.member] for term in found}
    words = [_term(term.member, term.text) for term in found]
    return _encode(metadata).decode(), _encode(words).decode()


def _term(member: str, text: str) -> str:
    return f"{len(member)}:{member}:{text}"


def _ends(low: Bound | None, high: Bound | None) -> dict[str, Bound]:
    return {name: bound for name, bound in (("low", low), ("high", high)) if bound is not None}
