"""Options of a WebSocket `add`, which bullmq-proxy does not check."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.model.errors import InvalidInput
from corral.policy.job_bodies import parse_job_args
from corral.policy.options import encode_short

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "delay",
        "priority",
        "attempts",
        "backoff",
        "lifo",
        "jobId",
        "deduplication",
        "debounce",
        "repeat",
        "parent",
        "removeOnComplete",
        "removeOnFail",
        "timestamp",
        "keepLogs",
        "telemetry",
        "stackTraceLimit",
        "other",
        "de",
    ]
)


def accepted(opts: Any) -> dict[str, Any]:
    return parse_job_args("a", msgspec.Raw(b"{}"), opts).opts


@pytest.mark.parametrize(
    "opts",
    [
        {"priority": 0},
        {"delay": 5.5},
        {"timestamp": 1_700_000_000_000, "keepLogs": 10, "stackTraceLimit": 0},
        {"backoff": {"type": "mine", "delay": 5, "jitter": 0.5, "more": [1]}},
        {"deduplication": {"id": "a", "ttl": 5, "extend": True, "replace": True, "keepLastIfActive": True}},
        {"parent": {"id": "1", "queue": "bull:other"}, "failParentOnFailure": True},
        {"telemetry": {"metadata": "m"}},
        {"repeat": {"pattern": "* * * * *", "utc": True}},
        {"somethingNew": {"a": [1, "b"]}},
    ],
)
def test_bullmqs_own_options_are_kept(opts: dict[str, Any]) -> None:
    assert accepted(opts) == {"attempts": 0, **opts}


@pytest.mark.parametrize("opts", [None, 5, [], "abc", True])
def test_what_is_no_object_has_no_options(opts: Any) -> None:
    assert accepted(opts) == {"attempts": 0}


def test_debounce_is_the_old_name_of_deduplication() -> None:
    assert accepted({"debounce": {"id": "a"}}) == {"attempts": 0, "deduplication": {"id": "a"}}
    both = {"debounce": {"id": "a"}, "deduplication": {"id": "b"}}
    assert accepted(both) == {"attempts": 0, "deduplication": {"id": "b"}}


@pytest.mark.parametrize(
    ("opts", "reason"),
    [
        ({"de": {"id": "a"}}, "Unexpected field: opts.de"),
        ({"delay": "5"}, "Invalid delay 5"),
        ({"delay": -1}, "Invalid delay -1"),
        ({"priority": -1}, "Invalid priority -1"),
        ({"priority": 2**21}, "Priority should be between 0 and 2097151"),
        ({"attempts": "x"}, "Invalid attempts x"),
        ({"backoff": {"type": "fixed", "jitter": 2}}, "Jitter should be between 0 and 1"),
        ({"backoff": {"delay": 5}}, "Invalid backoff type undefined"),
        ({"jobId": "5"}, "Custom Id cannot be integers"),
        ({"deduplication": {"id": "a", "ttl": 0.5}}, "Invalid deduplication.ttl 0.5, must be an integer"),
        ({"parent": {"id": "1"}}, "Invalid parent.queue undefined, must be a string"),
        (
            {"parent": {"id": "1", "queue": "b:q"}, "deduplication": {"id": "a"}},
            "Deduplication and parent options cannot be used together",
        ),
        (
            {"failParentOnFailure": True, "removeDependencyOnFailure": True},
            "The following options cannot be used together: removeDependencyOnFailure, failParentOnFailure",
        ),
        ({"repeat": 5}, "Invalid repeat 5, must be an object"),
        ({"timestamp": "now"}, "Invalid timestamp now"),
        ({"keepLogs": -1}, "Invalid keepLogs -1"),
        ({"telemetry": 5}, "Invalid telemetry 5, must be an object"),
        ({"sizeLimit": 1}, "The size of job a exceeds the limit 1 bytes"),
        ({"removeOnComplete": "x"}, "Invalid removeOnComplete x"),
    ],
)
def test_what_no_engine_could_act_on(opts: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accepted(opts)
    assert str(refused.value) == reason


@settings(max_examples=300)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_options_are_refused_or_can_be_packed_for_the_scripts(opts: dict[str, Any]) -> None:
    try:
        stored = accepted(opts)
    except InvalidInput:
        return
    assert next(iter(stored)) == "attempts"
    msgspec.msgpack.encode(encode_short(stored))
