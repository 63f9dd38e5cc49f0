from typing import Any

import pytest

from corral.model.errors import InvalidInput
from corral.policy.options import decode_short, encode_short, is_plain, normalise
from corral.policy.retention import is_retention


def test_attempts_come_first_and_the_rest_keeps_its_order() -> None:
    assert list(normalise({})) == ["attempts"]
    assert list(normalise({"removeOnFail": True, "delay": 5, "attempts": 2})) == ["attempts", "removeOnFail", "delay"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"attempts": 2.0, "delay": 5.0}, {"attempts": 2, "delay": 5}),
        ({"backoff": 500}, {"attempts": 0, "backoff": {"type": "fixed", "delay": 500}}),
        ({"backoff": 0}, {"attempts": 0}),
        ({"backoff": {"type": "fixed", "delay": 5.0}}, {"attempts": 0, "backoff": {"type": "fixed", "delay": 5}}),
        ({"attempts": None, "delay": None, "removeOnComplete": None, "foo": None}, {"attempts": 0}),
        ({"attempts": False, "delay": "", "jobId": "", "deduplication": 0, "repeat": False}, {"attempts": 0}),
        ({"delay": 0, "lifo": False}, {"attempts": 0, "delay": 0, "lifo": False}),
        ({"removeOnComplete": {"count": 1.0, "age": None, "x": 1}}, {"attempts": 0, "removeOnComplete": {"count": 1}}),
        ({"foo": [1.0, None, {"a": None, "b": 2**70}]}, {"attempts": 0, "foo": [1, {"b": float(2**70)}]}),
    ],
)
def test_normalised_options(given: dict[str, Any], stored: dict[str, Any]) -> None:
    result = normalise(given)
    assert result == stored
    assert type(result["attempts"]) is int


def test_what_no_engine_could_hold_is_refused() -> None:
    nested: Any = 1
    for _ in range(30):
        nested = [nested]
    for opts in ({"foo": nested}, {"foo": 10**400}):
        with pytest.raises(InvalidInput):
            normalise(opts)


def test_plain_jobs() -> None:
    assert is_plain({"attempts": 3, "backoff": {"type": "fixed"}, "removeOnComplete": True, "keepLogs": 5})
    assert is_plain({"attempts": 0, "delay": 0, "lifo": False})
    for name in ("delay", "priority", "lifo", "jobId", "deduplication", "parent", "repeat", "sizeLimit"):
        assert not is_plain({"attempts": 0, name: 1})


def test_short_names_go_both_ways() -> None:
    long = {
        "attempts": 1,
        "deduplication": {"id": "a"},
        "failParentOnFailure": True,
        "continueParentOnFailure": True,
        "ignoreDependencyOnFailure": True,
        "removeDependencyOnFailure": True,
        "keepLogs": 5,
        "telemetry": {"metadata": "m", "omitContext": True},
    }
    short = {
        "attempts": 1,
        "de": {"id": "a"},
        "fpof": True,
        "cpof": True,
        "idof": True,
        "rdof": True,
        "kl": 5,
        "tm": "m",
        "omc": True,
    }
    assert encode_short(long) == short
    assert decode_short(short) == long


def test_common_options_have_no_short_names() -> None:
    opts = {"attempts": 3, "delay": 5}
    assert encode_short(opts) == decode_short(opts) == opts


@pytest.mark.parametrize("value", [True, False, 0, 5, -1, {}, {"count": 5, "age": 1.5, "limit": 10}, {"count": None}])
def test_retention(value: Any) -> None:
    assert is_retention(value)


@pytest.mark.parametrize(
    "value",
    [None, "true", "", [], 1.5, 2**60, {"count": 1.5}, {"age": -1}, {"age": "1"}, {"limit": True}, {"count": 2**60}],
)
def test_no_retention(value: Any) -> None:
    assert not is_retention(value)
