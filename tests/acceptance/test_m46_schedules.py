"""Schedules: endpoints that are called by the clock, by way of BullMQ's own job schedulers."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, response
from tests.acceptance.service import MASTER, Operator, Program

PATH = "/api/schedules"
NEVER = {"cron": "0 0 1 1 *"}
EVERY_SECOND = {"cron": "* * * * * *"}
MEMBERS = [
    "id", "name", "description", "schedule", "endpoint", "retryPolicy", "enabled", "createdBy", "metadata",
    "lastExecutedAt", "lastExecutionStatus", "lastExecutionError", "nextExecutionAt", "executionCount", "createdAt",
    "updatedAt",
]  # fmt: skip
FAST = {"attempts": 3, "backoff": {"type": "fixed", "delay": 10}}
MISSING = "0123456789abcdef01234567"


def in_ms(delay: int) -> str:
    moment = datetime.fromtimestamp(time.time() + delay / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _operator(serve: Serve, **settings: Any) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0, **settings))


async def _shop(serve: Serve, **settings: Any) -> Program:
    return await (await _operator(serve, **settings)).make()


def body(url: str, **more: Any) -> dict[str, Any]:
    return {"name": "report", "endpoint": {"url": url, "method": "POST"}, "schedule": NEVER, **more}


async def make(program: Program, url: str, **more: Any) -> Any:
    reply = await program.call("POST", PATH, body(url, **more))
    assert reply.status == 201, reply
    return reply.json()["data"]


async def shown(program: Program, made: Any) -> Any:
    return (await program.ok("GET", f"{PATH}/{made['id']}"))["data"]


async def _jobs(program: Program, status: str) -> Any:
    return (await program.ok("GET", f"/api/jobs?status={status}"))["jobs"]


async def counted(program: Program, made: Any, count: int) -> Any:
    """The schedule, once it has been executed so often."""

    async def look() -> Any:
        found = await shown(program, made)
        return found if found["executionCount"] >= count else None

    return await until(look, 10)


async def test_m46_create(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
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
    shop = await _shop(serve)
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
    shop = await _shop(serve)
    reply = await shop.call("POST", PATH, body("http://127.0.0.1:1/", schedule=schedule))
    found = reply.json()
    assert (reply.status, found["success"], found["error"]["message"]) == (400, False, message)
    assert found["error"].keys() >= {"code", "hints", "possibleCauses", "suggestedFixes", "relatedEndpoints"}
    assert (found["metadata"]["path"], found["metadata"]["method"]) == (PATH, "POST")


async def test_m46_a_name_is_taken_once_in_an_application(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop, bank = await operator.make("shop"), await operator.make("bank")
    replies = await asyncio.gather(*(shop.call("POST", PATH, body(endpoint.url)) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409]
    (refused, *_) = (reply for reply in replies if reply.status == 409)
    assert refused.json()["error"]["message"] == "Schedule with name 'report' already exists"
    assert len((await shop.ok("GET", PATH))["data"]) == 1
    assert (await make(bank, endpoint.url))["name"] == "report"


async def test_m46_an_address_inside_may_not_be_called(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve, given_targets=None, host="127.0.0.1")
    assert (await shop.call("POST", PATH, body(endpoint.url))).status == 201
    refused = await shop.call("POST", PATH, body("http://10.0.0.1/", name="inside"))
    assert (refused.status, refused.json()["error"]["code"]) == (400, "INTERNAL_ERROR")


async def test_m46_no_json(serve: Serve) -> None:
    shop = await _shop(serve)
    reply = await shop.call("POST", PATH, b"{bad")
    assert (reply.status, reply.json()["error"]["code"]) == (400, "INTERNAL_ERROR")


async def test_m47_a_pattern_runs_until_its_limit(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
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
    shop = await _shop(serve)
    at = in_ms(1500)
    made = await make(shop, endpoint.url, schedule={"at": at})
    assert (made["schedule"], made["nextExecutionAt"]) == ({"at": at, "timezone": "UTC"}, at)
    call = await endpoint.next()
    assert call.body == b""
    assert in_ms(0) >= at
    done = await counted(shop, made, 1)
    assert (done["enabled"], done["nextExecutionAt"], done["lastExecutionStatus"]) == (False, None, "success")


async def test_m47_time_zones(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, schedule={"cron": "0 12 1 1 *", "timezone": "America/New_York"})
    assert made["nextExecutionAt"].endswith("-01-01T17:00:00.000Z")
    assert made["schedule"]["timezone"] == "America/New_York"


async def test_m47_the_end_date(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, schedule={**EVERY_SECOND, "endDate": in_ms(2500)})

    async def over() -> Any:
        found = await shown(shop, made)
        return None if found["enabled"] or found["executionCount"] != len(endpoint.seen) else found

    done = await until(over, 10)
    assert (done["executionCount"] >= 1, done["nextExecutionAt"]) == (True, None)


async def test_m47_it_is_a_job_scheduler_of_bullmq(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, schedule={**NEVER, "limit": 7}, retryPolicy=FAST)
    (found,) = (await shop.ok("GET", "/v1/queues/corral-schedules/schedulers"))["schedulers"]
    assert (found["key"], found["name"], found["pattern"], found["limit"]) == (made["id"], "report", "0 0 1 1 *", 7)
    assert found["template"]["opts"]["attempts"] == 3
    assert found["template"]["opts"]["backoff"] == {"type": "fixed", "delay": 10}


async def test_m48_what_fails_with_500_is_tried_again(serve: Serve, endpoint: EndpointServer) -> None:
    answers = iter(["500 Internal Server Error", "503 Service Unavailable", "302 Found"])
    endpoint.script = lambda call: response(b"", next(answers))
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, schedule={"at": in_ms(300)}, retryPolicy=FAST)
    calls = await endpoint.take(3)
    assert len({call.headers["x-job-id"] for call in calls}) == 1
    done = await counted(shop, made, 1)
    assert (done["lastExecutionStatus"], done["lastExecutionError"], done["executionCount"]) == ("success", None, 1)


async def test_m48_until_the_attempts_are_used_up(serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "500 Internal Server Error")
    shop = await _shop(serve)
    exponential = {"attempts": 2, "backoff": {"type": "exponential", "delay": 10}}
    made = await make(shop, endpoint.url, schedule={"at": in_ms(300)}, retryPolicy=exponential)
    await endpoint.take(2)
    done = await counted(shop, made, 1)
    assert (done["lastExecutionStatus"], done["enabled"]) == ("failed", False)
    assert done["lastExecutionError"] == "HTTP 500: Internal Server Error"
    assert endpoint.calls.empty()


async def test_m48_what_fails_with_404_is_not(serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "404 Not Found")
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, schedule={"at": in_ms(300)}, retryPolicy=FAST)
    await endpoint.next()
    done = await counted(shop, made, 1)
    assert (done["lastExecutionStatus"], done["lastExecutionError"]) == ("failed", "HTTP 404: Not Found")
    assert done["lastExecutedAt"]
    assert endpoint.calls.empty()
    (job,) = await until(lambda: _jobs(shop, "failed"), 10)
    assert (await shop.ok("GET", f"/api/jobs/{job['id']}"))["job"]["error"] == "HTTP 404: Not Found"


async def test_m48_its_jobs_are_jobs_like_any(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop, bank = await operator.make("shop"), await operator.make("bank")
    subscription = {"name": "s", "endpoint": f"{endpoint.url}/told", "events": ["created", "completed"],
                    "filters": {"queues": ["corral-schedules"], "metadata": {"kind": "daily"}}}  # fmt: skip
    await shop.ok("POST", "/api/subscriptions", subscription)
    webhook = {"url": f"{endpoint.url}/hooked", "events": ["job.completed"]}
    await shop.ok("POST", "/api/webhooks", webhook)
    made = await make(shop, endpoint.url, schedule={"at": in_ms(1000)}, metadata={"kind": "daily"})
    (waiting,) = (await shop.ok("GET", "/api/jobs?metadata.kind=daily"))["jobs"]
    assert (waiting["queue"], waiting["status"]) == ("corral-schedules", "delayed")
    assert waiting["data"]["scheduleId"] == made["id"]
    assert waiting["data"]["_applicationId"] == shop.application
    calls = await endpoint.take(4)
    told = [call.json() for call in calls if call.target.endswith("/told")]
    assert [one["event"]["type"] for one in told] == ["created", "completed"]
    assert all(one["job"]["metadata"] == {"kind": "daily"} for one in told)
    (hooked,) = [call.json() for call in calls if call.target.endswith("/hooked")]
    assert hooked["data"]["application"]["id"] == shop.application
    assert [one["id"] for one in await _jobs(shop, "completed")] == [waiting["id"]]
    assert (await shop.ok("GET", f"/api/jobs/{waiting['id']}"))["job"]["result"] == {"status": 200}
    assert (await bank.ok("GET", "/api/jobs"))["jobs"] == []
    assert (await bank.call("GET", f"/api/jobs/{waiting['id']}")).status == 403


async def test_m49_toggle(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, enabled=False)
    assert (made["enabled"], made["nextExecutionAt"]) == (False, None)
    path = f"{PATH}/{made['id']}/toggle"
    on = (await shop.ok("PATCH", path, {"enabled": True}))["data"]
    assert (on["enabled"], on["nextExecutionAt"][4:]) == (True, "-01-01T00:00:00.000Z")
    off = (await shop.ok("PATCH", path, {"enabled": False}))["data"]
    assert (off["enabled"], off["nextExecutionAt"]) == (False, None)
    assert (await shop.ok("GET", "/v1/queues/corral-schedules/schedulers"))["schedulers"] == []
    for wrong in ({}, {"enabled": 1}, {"enabled": None}):
        reply = await shop.call("PATCH", path, wrong)
        assert (reply.status, reply.json()["errors"][0]["path"]) == (400, "enabled")


async def test_m49_execute_is_not_counted(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, enabled=False)
    path = f"{PATH}/{made['id']}/execute"
    found = (await shop.ok("POST", path))["data"]
    assert found["executionId"].startswith(f"manual_{made['id']}_")
    assert (found["success"], (await endpoint.next()).headers["x-job-id"]) == (True, found["executionId"])
    endpoint.script = lambda call: response(b"", "500 Internal Server Error")
    failed = (await shop.ok("POST", path))["data"]
    assert (failed["success"], failed["error"]) == (False, "HTTP 500: Internal Server Error")
    after = await shown(shop, made)
    assert (after["executionCount"], after["lastExecutionStatus"], after["enabled"]) == (0, "failed", False)


async def test_m49_update_merges(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await make(shop, endpoint.url, metadata={"a": 1})
    await make(shop, endpoint.url, name="other")
    path = f"{PATH}/{made['id']}"
    sent = {"endpoint": {"timeout": 5000}, "schedule": {"timezone": "Europe/Berlin"}, "description": "d"}
    changed = (await shop.ok("PUT", path, sent))["data"]
    assert changed["endpoint"] == {**made["endpoint"], "timeout": 5000}
    assert changed["schedule"] == {"cron": "0 0 1 1 *", "timezone": "Europe/Berlin"}
    assert changed["nextExecutionAt"].endswith("-12-31T23:00:00.000Z")
    assert (changed["description"], changed["metadata"], changed["name"]) == ("d", {"a": 1}, "report")
    assert changed["createdAt"] == made["createdAt"]
    taken = await shop.call("PUT", path, {"name": "other"})
    assert (taken.status, taken.json()["error"]["message"]) == (409, "Schedule with name 'other' already exists")
    both = await shop.call("PUT", path, {"schedule": {"at": in_ms(60_000)}})
    assert both.json()["error"]["message"] == "Cannot specify both cron pattern and at time"
    assert (await shop.call("PUT", path, {"endpoint": {"method": "HEAD"}})).status == 400
    assert await shown(shop, made) == changed
    moved = (await shop.ok("PUT", path, {"schedule": {"cron": None, "at": in_ms(200)}, "name": "soon"}))["data"]
    assert (moved["name"], list(moved["schedule"])) == ("soon", ["at", "timezone"])
    await endpoint.next()
    assert (await make(shop, endpoint.url))["name"] == "report"


async def test_m49_delete(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    made = await make(shop, endpoint.url)
    path = f"{PATH}/{made['id']}"
    assert await shop.ok("DELETE", path) == {"success": True, "message": "Schedule deleted successfully"}
    for method, rest, sent in (("GET", "", b""), ("PUT", "", {}), ("DELETE", "", b""), ("POST", "/execute", b"")):
        reply = await shop.call(method, path + rest, sent)
        assert (reply.status, reply.json()["error"]["message"]) == (404, "Schedule not found"), method
    assert (await shop.ok("GET", "/v1/queues/corral-schedules/schedulers"))["schedulers"] == []
    assert (await shop.ok("GET", "/v1/queues/corral-schedules/counts"))["delayed"] == 0
    bad = await shop.call("GET", f"{PATH}/42")
    problem = {"type": "field", "value": "42", "msg": "Invalid value", "path": "id", "location": "params"}
    assert (bad.status, bad.json()) == (400, {"errors": [problem]})
    assert (await make(shop, endpoint.url))["id"] != made["id"]


async def test_m49_pages(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await _shop(serve)
    for number in range(5):
        await make(shop, endpoint.url, name=f"s{number}", enabled=number != 3, createdBy="ada" if number < 2 else "bob")
    found = await shop.ok("GET", f"{PATH}?limit=2&page=2")
    assert found["pagination"] == {"total": 5, "page": 2, "pages": 3}
    assert len(found["data"]) == 2
    assert {one["name"] for one in (await shop.ok("GET", PATH))["data"]} == {f"s{number}" for number in range(5)}
    assert [one["name"] for one in (await shop.ok("GET", f"{PATH}?enabled=false"))["data"]] == ["s3"]
    assert (await shop.ok("GET", f"{PATH}?createdBy=ada"))["pagination"] == {"total": 2, "page": 1, "pages": 1}
    for query in ("limit=101", "limit=0", "page=0", "page=x"):
        reply = await shop.call("GET", f"{PATH}?{query}")
        assert (reply.status, reply.json()["errors"][0]["location"]) == (400, "query")


async def test_m50_a_key_is_asked_for(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop = await operator.make()
    made = await make(shop, endpoint.url)
    nobody = Program(shop.port, None)
    for method, path in (("POST", ""), ("GET", ""), *((one, f"/{made['id']}") for one in ("GET", "PUT", "DELETE"))):
        reply = await nobody.call(method, PATH + path, body(endpoint.url))
        assert (reply.status, reply.json()["error"]["code"]) == (401, "MISSING_API_KEY")
    reader, manager = await operator.another(shop, "read"), await operator.another(shop, "manage")
    assert (await reader.ok("GET", PATH))["data"][0]["id"] == made["id"]
    assert (await reader.call("POST", f"{PATH}/{made['id']}/execute")).status == 403
    assert (await manager.ok("PATCH", f"{PATH}/{made['id']}/toggle", {"enabled": False}))["success"]
    limited = await operator.another(shop, "admin", allowedQueues=["mail"])
    refused = await limited.call("GET", PATH)
    assert (refused.status, refused.json()["error"]["code"]) == (403, "QUEUE_ACCESS_DENIED")


async def test_m50_unless_it_is_switched_off(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve, schedules_open=True)
    nobody, shop = Program(operator.port, None), await operator.make()
    made = await make(nobody, endpoint.url, schedule={"at": in_ms(200)})
    await endpoint.next()
    await counted(nobody, made, 1)
    assert (await shop.ok("GET", PATH))["data"] == []
    assert (await Program(operator.port, "sk_wrong").call("GET", PATH)).status == 401
    assert (await nobody.call("GET", "/api/jobs")).status == 401


async def test_m50_the_operator_sees_all_and_has_its_own(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop = await operator.make()
    theirs = await make(shop, endpoint.url)
    own = await make(operator, endpoint.url, schedule={"at": in_ms(200)})
    assert {one["id"] for one in (await operator.ok("GET", PATH))["data"]} == {own["id"], theirs["id"]}
    await endpoint.next()
    await operator.ok("PUT", f"{PATH}/{theirs['id']}", {"schedule": {"cron": None, "at": in_ms(200)}})
    await endpoint.next()
    await counted(operator, theirs, 1)
    assert [one["data"]["scheduleId"] for one in (await shop.ok("GET", "/api/jobs"))["jobs"]] == [theirs["id"]]
    assert len((await operator.ok("GET", "/api/jobs"))["jobs"]) == 2


async def test_m50_changes_are_audited_and_count(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop = await operator.make(maxJobsPerHour=1)
    made = await make(shop, endpoint.url)
    refused = await shop.call("POST", PATH, body(endpoint.url, name="second"))
    assert (refused.status, refused.json()["error"]["code"]) == (429, "LIMIT_EXCEEDED")
    assert [one["id"] for one in (await shop.ok("GET", PATH))["data"]] == [made["id"]]
    (entry,) = (await operator.ok("GET", "/v1/audit?limit=1"))["entries"]
    assert (entry["action"], entry["target"]) == ("POST /api/schedules", f"{PATH}/{made['id']}")
    assert entry["application"] == shop.application


async def test_m50_an_application_that_goes_takes_its_schedules_along(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    for path in ("/api/applications", "/v1/applications"):
        shop = await operator.make()
        made = await make(shop, endpoint.url)
        queue = f"corral-schedules@{shop.application[:8]}"
        await operator.call("DELETE", f"{path}/{shop.application}")
        assert (await operator.call("GET", f"{PATH}/{made['id']}")).status == 404
        assert (await operator.ok("GET", f"/v1/queues/{queue}/schedulers"))["schedulers"] == []


async def test_m50_no_application_gets_the_queue_of_the_operator(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop = await operator.make(allowedQueues=["corral-schedules"])
    await shop.add("corral-schedules")
    own = await make(operator, endpoint.url)
    schedulers = "/v1/queues/corral-schedules/schedulers"
    assert [one["key"] for one in (await operator.ok("GET", schedulers))["schedulers"]] == [own["id"]]
    assert (await shop.ok("GET", schedulers))["schedulers"] == []
    assert [one["status"] for one in (await shop.ok("GET", "/api/jobs"))["jobs"]] == []


async def test_m57_schedules_survive_a_restart(serve: Serve, endpoint: EndpointServer) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make()
    made = await make(shop, endpoint.url, schedule={"at": in_ms(1500)})
    await server.process.stop(0.1)
    again = Program((await serve(master_api_key=MASTER)).port, shop.key, shop.application)
    assert (await endpoint.next()).headers["x-schedule-id"] == made["id"]
    await counted(again, made, 1)


async def test_m57_what_was_half_done_is_mended(serve: Serve, endpoint: EndpointServer) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make()
    made = await make(shop, endpoint.url)
    queue = f"corral-schedules@{shop.application[:8]}"
    native = Client(server.port, TOKEN)
    assert (await native.call("DELETE", f"/v1/queues/{queue}/schedulers/{made['id']}")).json() == {"removed": True}
    assert (await shown(shop, made))["nextExecutionAt"] is None
    await server.process._gate.schedules.mend(int(time.time() * 1000))
    assert (await shown(shop, made))["nextExecutionAt"] == made["nextExecutionAt"]
