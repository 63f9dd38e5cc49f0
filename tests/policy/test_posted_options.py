"""bullmq-proxy's texts for the options of posted jobs, and the order of its checks."""

from typing import Any

import msgspec
import pytest

from corral.model.errors import InvalidInput
from corral.policy.job_bodies import parse_jobs

BACKOFF = "must be a number or an object"


def body(opts: Any) -> bytes:
    return msgspec.json.encode([{"name": "a", "data": 1, "opts": opts}])


def refusal(opts: Any) -> str:
    with pytest.raises(InvalidInput) as refused:
        parse_jobs(body(opts))
    return str(refused.value)


def accepted(opts: Any) -> dict[str, Any]:
    return parse_jobs(body(opts))[0].opts


@pytest.mark.parametrize("name", ["parent", "timestamp", "keepLogs", "sizeLimit", "debounce"])
def test_options_that_are_not_for_http(name: str) -> None:
    assert refusal({"attempts": 1, name: 1}) == f"Unexpected field: opts.{name}"


@pytest.mark.parametrize(
    ("opts", "reason"),
    [
        ({"delay": -1}, "Invalid delay -1"),
        ({"delay": 1.5}, "Invalid delay 1.5"),
        ({"delay": "5"}, "Invalid delay 5"),
        ({"delay": True}, "Invalid delay true"),
        ({"delay": {}}, "Invalid delay [object Object]"),
        ({"delay": [1, None]}, "Invalid delay 1,"),
        ({"delay": 2**53 + 2}, "Invalid delay 9007199254740994"),
        ({"delay": 10**400}, "Invalid delay Infinity"),
        ({"priority": 0}, "Invalid priority 0"),
        ({"priority": None}, "Invalid priority null"),
        ({"priority": 2_097_153}, "Invalid priority 2097153"),
        ({"priority": 1.5}, "Invalid priority 1.5"),
        ({"priority": 2_097_152}, "Priority should be between 0 and 2097151"),
        ({"attempts": -1}, "Invalid attempts -1"),
        ({"attempts": "3"}, "Invalid attempts 3"),
        ({"lifo": None}, "Invalid lifo null, must be a boolean"),
        ({"lifo": "yes"}, "Invalid lifo yes, must be a boolean"),
        ({"jobId": 123}, "Invalid jobId 123, must be a string"),
        ({"jobId": "123"}, "Custom Id cannot be integers"),
        ({"jobId": "0"}, "Custom Id cannot be integers"),
        ({"jobId": "a:b"}, "Custom Id cannot contain :"),
        ({"jobId": "meta"}, "Custom Id cannot be meta"),
    ],
)
def test_scalars(opts: Any, reason: str) -> None:
    assert refusal(opts) == reason


@pytest.mark.parametrize(
    ("backoff", "reason"),
    [
        (-1, "Invalid backoff delay -1, must be greater than 0"),
        ("fast", f"Invalid backoff fast, {BACKOFF}"),
        (True, f"Invalid backoff true, {BACKOFF}"),
        ([1, 2], f"Invalid backoff 1,2, {BACKOFF}"),
        ({}, f"Invalid backoff {{}}, {BACKOFF} with at least the type field"),
        ({"type": "fixed", "jitter": 1}, "Unexpected field: opts.jitter"),
        ({"delay": 5}, 'Invalid backoff type undefined, must be "fixed" or "exponential" if delay is provided'),
        (
            {"type": "x", "delay": None},
            'Invalid backoff type x, must be "fixed" or "exponential" if delay is provided',
        ),
        ({"type": "fixed", "delay": "5"}, "Invalid backoff delay 5, must be a number"),
        ({"type": "fixed", "delay": None}, "Invalid backoff delay null, must be a number"),
        ({"type": "fixed", "delay": -5}, "Invalid backoff delay -5, must be greater than 0"),
        ({"type": 5}, "Invalid backoff type 5"),
    ],
)
def test_backoff(backoff: Any, reason: str) -> None:
    assert refusal({"backoff": backoff}) == reason


@pytest.mark.parametrize(
    ("telemetry", "reason"),
    [
        (5, "Invalid telemetry 5, must be an object"),
        ({"metadata": 5}, "Invalid telemetry.metadata 5, must be a string"),
        ({"omitContext": "yes"}, "Invalid telemetry.omitContext yes, must be a boolean"),
    ],
)
def test_telemetry(telemetry: Any, reason: str) -> None:
    assert refusal({"telemetry": telemetry}) == reason


@pytest.mark.parametrize(
    ("deduplication", "reason"),
    [
        ({"id": "a", "extend": True}, "Unexpected field: opts.extend"),
        ({}, "Invalid deduplication.id undefined, must be a string"),
        (5, "Invalid deduplication.id undefined, must be a string"),
        ({"id": 1}, "Invalid deduplication.id 1, must be a string"),
        ({"id": ""}, "Deduplication id must be provided"),
        ({"id": "a", "ttl": None}, "Invalid deduplication.ttl null, must be a number"),
        ({"id": "a", "ttl": "5"}, "Invalid deduplication.ttl 5, must be a number"),
        ({"id": "a", "ttl": -5}, "Invalid deduplication.ttl -5, must be greater than 0"),
        ({"id": "a", "ttl": 1.5}, "Invalid deduplication.ttl 1.5, must be an integer"),
        ({"id": "a", "ttl": 1e300}, "Invalid deduplication.ttl 1e+300, must be an integer"),
        ("ab", "Unexpected field: opts.0"),
    ],
)
def test_deduplication(deduplication: Any, reason: str) -> None:
    assert refusal({"deduplication": deduplication}) == reason


@pytest.mark.parametrize(
    ("repeat", "reason"),
    [
        ({"every": 5, "cron": "x"}, "Unexpected field: opts.cron"),
        ({}, "repeat.every is required"),
        ({"every": 0}, "repeat.every is required"),
        (True, "repeat.every is required"),
        ({"every": -1000}, "Invalid every -1000"),
        ({"every": 1.5}, "Invalid every 1.5"),
        ({"every": 5, "limit": -1000}, "Invalid limit -1000"),
        ({"every": 5, "immediately": "x"}, "Invalid immediately x, must be a boolean"),
        ({"every": 5, "immediately": None}, "Invalid immediately null, must be a boolean"),
        ({"every": 5, "key": 123}, "Invalid key 123, must be a string"),
        ({"pattern": 5}, "Invalid pattern 5, must be a string"),
        ({"pattern": "* * * * *", "tz": 5}, "Invalid tz 5, must be a string"),
        ({"every": 5, "endDate": {}}, "Invalid endDate [object Object]"),
        ({"every": 5, "offset": "x"}, "Invalid offset x"),
    ],
)
def test_repeat(repeat: Any, reason: str) -> None:
    assert refusal({"repeat": repeat}) == reason


@pytest.mark.parametrize("name", ["removeOnComplete", "removeOnFail"])
@pytest.mark.parametrize(
    ("value", "printed"),
    [("x", "x"), ([5], "5"), (1.5, "1.5"), ({"count": "5"}, "[object Object]"), ({"age": -1}, "[object Object]")],
)
def test_retention_that_would_fail_later(name: str, value: Any, printed: str) -> None:
    assert refusal({name: value}) == f"Invalid {name} {printed}"


def test_the_checks_keep_their_order() -> None:
    wrong: dict[str, Any] = {
        "removeOnFail": "x",
        "jobId": 5,
        "repeat": {},
        "deduplication": {},
        "lifo": 5,
        "backoff": "x",
        "attempts": -1,
        "priority": 0,
        "delay": -1,
        "zzz": 1,
    }
    found = []
    for name in ("zzz", "delay", "priority", "attempts", "backoff", "lifo", "jobId", "deduplication", "repeat"):
        found.append(refusal(wrong))
        del wrong[name]
    assert [reason.split(",")[0] for reason in found] == [
        "Unexpected field: opts.zzz",
        "Invalid delay -1",
        "Invalid priority 0",
        "Invalid attempts -1",
        "Invalid backoff x",
        "Invalid lifo 5",
        "Invalid jobId 5",
        "Invalid deduplication.id undefined",
        "repeat.every is required",
    ]
    assert refusal(wrong) == "Invalid removeOnFail x"


@pytest.mark.parametrize("opts", [None, 0, "", False, {}, [], 5, True])
def test_options_without_fields(opts: Any) -> None:
    assert accepted(opts) == {"attempts": 0}


def test_strings_and_arrays_have_fields() -> None:
    assert refusal("abc") == refusal([1]) == "Unexpected field: opts.0"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"delay": 5.0, "attempts": 1.0}, {"attempts": 1, "delay": 5}),
        ({"delay": None, "attempts": "", "jobId": None, "deduplication": None, "repeat": 0}, {"attempts": 0}),
        ({"backoff": 5}, {"attempts": 0, "backoff": {"type": "fixed", "delay": 5}}),
        ({"backoff": 0}, {"attempts": 0}),
        ({"backoff": {"type": "custom"}}, {"attempts": 0, "backoff": {"type": "custom"}}),
        ({"priority": 2_097_151}, {"attempts": 0, "priority": 2_097_151}),
        ({"deduplication": {"id": "a", "ttl": 0}}, {"attempts": 0, "deduplication": {"id": "a", "ttl": 0}}),
        ({"jobId": "a:b:c", "lifo": True}, {"attempts": 0, "jobId": "a:b:c", "lifo": True}),
        ({"removeOnComplete": 5, "removeOnFail": False}, {"attempts": 0, "removeOnComplete": 5, "removeOnFail": False}),
        ({"repeat": {"every": 5}}, {"attempts": 0, "repeat": {"every": 5}}),
    ],
)
def test_accepted_options(given: Any, stored: dict[str, Any]) -> None:
    assert accepted(given) == stored
    assert list(accepted(given)) == list(stored)
