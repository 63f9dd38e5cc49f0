"""What clients send about schedules."""

from typing import Any

import pytest

from corral.model.schedule import RetryPolicy, Schedule, ScheduleBackoff, ScheduledEndpoint, Timing
from corral.policy.schedule_forms import parts_of, problems_of

WHOLE: dict[str, Any] = {
    "name": "n",
    "endpoint": {"url": "http://h/", "method": "GET"},
    "schedule": {"cron": "@daily"},
}
BEFORE = Schedule(
    id="1",
    application="a",
    queue="q",
    name="n",
    endpoint=ScheduledEndpoint("http://h/", "GET", {"A": "b"}, {"x": 1}, 5000),
    timing=Timing(cron="@daily", timezone="Europe/Berlin", limit=3),
    created_at=1,
    updated_at=1,
    retry_policy=RetryPolicy(5, ScheduleBackoff("fixed", 7)),
)


def paths(body: Any, *, whole: bool = True) -> list[str]:
    return [found.path for found in problems_of(body, whole=whole)]


@pytest.mark.parametrize("body", [None, [], "x", 5, {}])
def test_what_is_missing_is_told_of_a_new_one_alone(body: Any) -> None:
    assert paths(body) == ["name", "endpoint", "endpoint.url", "endpoint.method", "schedule"]
    assert paths(body, whole=False) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "n" * 201),
        ("endpoint.url", "h"),
        ("endpoint.url", None),
        ("endpoint.method", "get"),
        ("endpoint.method", ["GET"]),
        ("endpoint.headers", {"A": 1}),
        ("endpoint.headers", {"A": "b\r\nc: d"}),
        ("endpoint.body", "x" * 65_535),
        ("endpoint.timeout", True),
        ("endpoint.timeout", 1000.5),
        ("schedule.at", 1_795_000_000_000),
        ("schedule.limit", "3"),
        ("schedule.timezone", ""),
        ("retryPolicy.attempts", 0),
        ("retryPolicy.backoff", 5),
        ("retryPolicy.backoff.type", {}),
        ("metadata", {"x": "y" * 65_536}),
        ("enabled", 1),
    ],
)
def test_one_member_that_is_wrong(path: str, value: Any) -> None:
    body: dict[str, Any] = {**WHOLE, "endpoint": {**WHOLE["endpoint"]}, "schedule": {**WHOLE["schedule"]}}
    inner, *names = body, *path.split(".")
    for name in names[:-1]:
        inner = inner.setdefault(name, {})
    inner[names[-1]] = value
    (found,) = problems_of(body, whole=True)
    assert (found.path, found.value, found.type, found.location) == (path, value, "field", "body")
    assert paths(body, whole=False) == [path]


@pytest.mark.parametrize("url", ["http://localhost:3000/", "http://host/", "https://[::1]/x"])
def test_hosts_without_a_dot_are_hosts(url: str) -> None:
    assert paths({**WHOLE, "endpoint": {"url": url, "method": "GET"}}) == []


def test_members_of_members_are_merged() -> None:
    found = parts_of(
        {"endpoint": {"timeout": 1000, "body": None}, "schedule": {"limit": None, "at": None}, "retryPolicy": {}},
        BEFORE,
    )
    assert found == {
        "endpoint": ScheduledEndpoint("http://h/", "GET", {"A": "b"}, None, 1000),
        "timing": Timing(cron="@daily", timezone="Europe/Berlin"),
        "retry_policy": BEFORE.retry_policy,
    }


def test_dates_are_moments() -> None:
    found = parts_of({**WHOLE, "schedule": {"at": "2026-11-22T10:00:00+01:00", "endDate": "2026-11-23"}})
    assert found["timing"] == Timing(at=1_795_338_000_000, end_date=1_795_392_000_000)


def test_null_counts_as_left_out() -> None:
    body = {**WHOLE, "description": None, "metadata": None, "retryPolicy": None, "enabled": None}
    assert paths(body) == []
    assert parts_of(body).keys() == {"name", "endpoint", "timing"}
