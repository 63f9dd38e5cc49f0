"""Calls made from the OpenAPI document, and what is changed in them so that they meet something."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from corral.operations.table import OPERATIONS
from corral.server.openapi.document import document
from tests.fuzz.target import TOKEN, Seeded

Case = schemathesis.Case[Any]

KNOWN = ("queue", "queue", "queue", "queue", "queue", "token", "token", "nothing")
"""What the caller knows."""

_LOCKED = frozenset({"proxySetProgress", "proxyAddLog"})
_SHORT = 0.02
_JOB = st.fixed_dictionaries({"name": st.text()}, optional={"data": st.booleans() | st.text(), "opts": st.none()})
_LINES = st.lists(_JOB | st.booleans(), max_size=5).map(lambda jobs: "\n".join(map(json.dumps, jobs)).encode())
schemathesis.openapi.media_type("application/x-ndjson", _LINES)


def shots() -> list[Any]:
    """For each operation calls that are right, and calls that are wrong where anything can be."""
    schema = schemathesis.openapi.from_dict(_without_security(document(OPERATIONS, "")))
    entries = (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok))
    return [shot for entry in entries for shot in _shots_at(entry)]


def aim(case: Case, known: str, seeded: Seeded, choice: Any) -> None:
    """At what there is, for calls of what there is not all end alike. `choice` is a source of randomness."""
    held = choice.choice(seeded.held)
    locked = _name(case.operation) in _LOCKED
    if known != "nothing":
        case.headers["authorization"] = f"Bearer {held['token'] if locked and known == 'queue' else TOKEN}"
    if known == "queue":
        job = held["id"] if locked else choice.choice(seeded.ids)
        there = {"queue": seeded.queue, "queueName": seeded.queue, "deduplication_id": "alone", "jobId": job}
        there |= {"job_id": job, "id": "daily" if "/schedulers/" in case.path else job}
        places = case.path_parameters or {}
        places.update({name: there[name] for name in places if name in there})
        _hold(case.body, seeded)


def bound(case: Case) -> None:
    """Nobody waits for long, and no endpoint that is registered here, and then called, is anybody's."""
    longest = 30 if case.path.endswith("/leases") else 60
    body: Any = case.body
    query: Any = case.query
    for values in (query, body):
        wait: Any = values.get("wait") if isinstance(values, dict) else None
        if isinstance(wait, (int, float)) and _SHORT < wait <= longest:
            values["wait"] = _SHORT
    for place in (body, body.get("endpoint") if isinstance(body, dict) else None):
        if isinstance(place, dict) and str(place.get("url", "")).lower().startswith("http"):
            place["url"] = "http://127.0.0.1:9/"


def _hold(body: Any, seeded: Seeded) -> None:
    items = body.get("items") if isinstance(body, dict) else None
    if isinstance(items, list):
        for item, held in zip(items, seeded.held, strict=False):
            if isinstance(item, dict):
                item.update(held)


def _shots_at(entry: Any) -> Iterator[Any]:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        if mode is GenerationMode.POSITIVE or _can_be_wrong(entry.definition.raw):
            yield pytest.param(entry, mode, id=f"{_name(entry)}-{mode.value}")


def _name(entry: Any) -> str:
    name: str = entry.definition.raw["operationId"]
    return name


def _can_be_wrong(raw: dict[str, Any]) -> bool:
    """Any text will do in a path or a header."""
    bodies = raw.get("requestBody", {"content": {}})["content"].values()
    return any(one["in"] == "query" for one in raw.get("parameters", [])) or any(one["schema"] for one in bodies)


def _without_security(made: dict[str, Any]) -> dict[str, Any]:
    """Half of the calls that are wrong would be so for want of a token alone."""
    for item in made["paths"].values():
        for entry in item.values():
            del entry["security"]
    return {**made, "security": [], "components": {**made["components"], "securitySchemes": {}}}
