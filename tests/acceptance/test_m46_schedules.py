"""Schedules are made, and run when they should, by way of BullMQ's own job schedulers."""

import asyncio
from typing import Any

import pytest

from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer
from tests.acceptance.scheduling import (
    EVERY_SECOND,
    FAST,
    MEMBERS,
    NEVER,
    PATH,
    SOON,
    a_shop,
    an_operator,
    body,
    counted,
    in_ms,
    make,
    shown,
)


async def test_m46_create(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
    reply = await shop.call("POST", PATH, body(endpoint.url))
    assert (reply.status, reply.json()["success"]) == (201, True)
    made = reply.json()["data"]
    assert list(made) == MEMBERS
    assert len(made["id"]) == 24
    int(made["id"], 16)
    assert made["schedule"] == {"cron": "0 0 1 1 *", "timezone": "UTC"}
    assert made["endpoint"] == {"url": endpoint.url, "method": "POST", "headers": {}, "timeout": 30_000}
    assert made["retryPolicy"] == {"attempts": 3, "backoff": {"type": "exponential", "delay": 5000}}
    assert (made["enabled"], made["createdBy"], made["metadata"], made["executionCount"]) == (True, "system", {}, 0)
    assert (made["lastExecutedAt"], made["lastExecutionStatus"], made["lastExecutionError"]) == (None, None, None)
    assert made["nextExecutionAt"].endswith("-01-01T00:00:00.000Z")
    assert await shown(shop, made) == made


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        ({}, ["Schedule name is required", "Endpoint configuration is required", "Valid endpoint URL is required",
              "Valid HTTP method is required", "Schedule configuration is required"]),
        ({"name": "", "endpoint": {"url": "ftp://h/", "method": "HEAD"}, "schedule": NEVER},
         ["Schedule name is required", "Valid endpoint URL is required", "Valid HTTP method is required"]),
        (body("http://h/", schedule={"cron": 5}), ["Invalid value"]),
        (body("http://h/", schedule={"at": "tomorrow"}), ["Invalid value"]),
        (body("http://h/", schedule={**NEVER, "limit": 0, "endDate": 1}), ["Invalid value"] * 2),
        (body("http://h/", endpoint={"url": "http://h/", "method": "GET", "timeout": 999}), ["Invalid value"]),
        (body("http://h/", endpoint={"url": "http://h/", "method": "GET", "timeout": 300_001}), ["Invalid value"]),
        (body("http://h/", endpoint={"url": "http://h/", "method": "GET", "headers": {"Host": "h"}}),
         ["Invalid value"]),
        (body("http://h/", retryPolicy={"attempts": 11, "backoff": {"type": "linear", "delay": -1}}),
         ["Invalid value"] * 3),
        (body("http://h/", enabled="yes", metadata=[], createdBy=1, description=1), ["Invalid value"] * 4),
    ],
)  # fmt: skip
async def test_m46_members_that_are_wrong(serve: Serve, sent: Any, messages: list[str]) -> None:
    shop = await a_shop(serve)
    reply = await shop.call("POST", PATH, sent)
    assert reply.status == 400
    errors = reply.json()["errors"]
    assert [error["msg"] for error in errors] == messages
    for error in errors:
        assert error.keys() - {"value"} == {"type", "msg", "path", "location"}
        assert (error["type"], error["location"]) == ("field", "body")
    assert (await shop.ok("GET", PATH))["data"] == []


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({}, "Either cron pattern or at time must be specified"),
        ({**NEVER, "at": "2999-01-01T00:00:00Z"}, "Cannot specify both cron pattern and at time"),
        ({"cron": "99 * * * *"}, "Invalid cron pattern: 99 * * * *"),
        ({"at": "2020-01-01T00:00:00Z"}, "Scheduled time must be in the future"),
        ({**NEVER, "timezone": "Mars/Base"}, "Invalid timezone: Mars/Base"),
        ({**NEVER, "endDate": "2020-01-01T00:00:00Z"}, "End date must be in the future"),
    ],
)
async def test_m46_timings_by_which_nothing_runs(serve: Serve, schedule: Any, message: str) -> None:
    shop = await a_shop(serve)
    reply = await shop.call("POST", PATH, body("http://127.0.0.1:1/", schedule=schedule))
    found = reply.json()
    assert (reply.status, found["success"], found["error"]["message"]) == (400, False, message)
    assert found["error"].keys() >= {"code", "hints", "possibleCauses", "suggestedFixes", "relatedEndpoints"}
    assert (found["metadata"]["path"], found["metadata"]["method"]) == (PATH, "POST")


async def test_m46_a_name_is_taken_once_in_an_application(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await an_operator(serve)
    shop, bank = await operator.make("shop"), await operator.make("bank")
    replies = await asyncio.gather(*(shop.call("POST", PATH, body(endpoint.url)) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]
    (refused, *_) = (reply for reply in replies if reply.status == 409)
    assert refused.json()["error"]["message"] == "Schedule with name 'report' already exists"
    assert len((await shop.ok("GET", PATH))["data"]) == 1
    assert (await make(bank, endpoint.url))["name"] == "report"


async def test_m46_an_address_inside_may_not_be_called(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve, given_targets=None, host="127.0.0.1")
    assert (await shop.call("POST", PATH, body(endpoint.url))).status == 201
    refused = await shop.call("POST", PATH, body("http://10.0.0.1/", name="inside"))
    assert (refused.status, refused.json()["error"]["code"]) == (400, "INTERNAL_ERROR")


async def test_m46_no_json(serve: Serve) -> None:
    shop = await a_shop(serve)
    reply = await shop.call("POST", PATH, b"{bad")
    assert (reply.status, reply.json()["error"]["code"]) == (400, "INTERNAL_ERROR")


async def test_m47_a_pattern_runs_until_its_limit(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
    target = {"url": endpoint.url, "method": "PUT", "headers": {"X-Own": "yes"}, "body": {"kind": "daily"}}
    made = await make(shop, endpoint.url, endpoint=target, schedule={**EVERY_SECOND, "limit": 2}, metadata={"of": "a"})
    assert made["endpoint"] == {**target, "timeout": 30_000}
    first, second = await endpoint.take(2)
    assert (first.method, first.json()) == ("PUT", {"kind": "daily"})
    assert first.headers["x-own"] == "yes"
    assert first.headers["content-type"] == "application/json"
    assert first.headers["x-schedule-id"] == made["id"]
    assert first.headers["x-job-id"] != second.headers["x-job-id"]
    done = await counted(shop, made, 2)
    assert (done["executionCount"], done["enabled"], done["nextExecutionAt"]) == (2, False, None)
    refused = await shop.call("PATCH", f"{PATH}/{made['id']}/toggle", {"enabled": True})
    assert (refused.status, refused.json()["error"]["message"]) == (400, "The limit of executions is reached")
    assert endpoint.calls.empty()


async def test_m47_one_moment(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
    at = in_ms(SOON)
    made = await make(shop, endpoint.url, schedule={"at": at})
    assert (made["schedule"], made["nextExecutionAt"]) == ({"at": at, "timezone": "UTC"}, at)
    call = await endpoint.next()
    assert call.body == b""
    assert in_ms(0) >= at
    done = await counted(shop, made, 1)
    assert (done["enabled"], done["nextExecutionAt"], done["lastExecutionStatus"]) == (False, None, "success")


async def test_m47_time_zones(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
    made = await make(shop, endpoint.url, schedule={"cron": "0 12 1 1 *", "timezone": "America/New_York"})
    assert made["nextExecutionAt"].endswith("-01-01T17:00:00.000Z")
    assert made["schedule"]["timezone"] == "America/New_York"


async def test_m47_the_end_date(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
    made = await make(shop, endpoint.url, schedule={**EVERY_SECOND, "endDate": in_ms(4500)})

    async def over() -> Any:
        found = await shown(shop, made)
        return None if found["enabled"] or found["executionCount"] != len(endpoint.seen) else found

    done = await until(over)
    assert (done["executionCount"] >= 1, done["nextExecutionAt"]) == (True, None)


async def test_m47_it_is_a_job_scheduler_of_bullmq(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
    made = await make(shop, endpoint.url, schedule={**NEVER, "limit": 7}, retryPolicy=FAST)
    (found,) = (await shop.ok("GET", "/v1/queues/corral-schedules/schedulers"))["schedulers"]
    assert (found["key"], found["name"], found["pattern"], found["limit"]) == (made["id"], "report", "0 0 1 1 *", 7)
    assert found["template"]["opts"]["attempts"] == 3
    assert found["template"]["opts"]["backoff"] == {"type": "fixed", "delay": 10}
