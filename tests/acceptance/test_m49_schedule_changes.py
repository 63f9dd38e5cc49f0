"""Schedules are switched, executed, changed and removed, by whoever may."""

from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, response
from tests.acceptance.scheduling import LATER, PATH, SOON, a_shop, an_operator, begin, body, counted, in_ms, make, shown
from tests.acceptance.service import Program


async def test_m49_toggle(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
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
    shop = await a_shop(serve)
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
    shop = await a_shop(serve)
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
    moved = (await shop.ok("PUT", path, {"schedule": {"cron": None, "at": in_ms(LATER)}, "name": "soon"}))["data"]
    assert (moved["name"], list(moved["schedule"])) == ("soon", ["at", "timezone"])
    await begin(shop)
    await endpoint.next()
    assert (await make(shop, endpoint.url))["name"] == "report"


async def test_m49_delete(serve: Serve, endpoint: EndpointServer) -> None:
    shop = await a_shop(serve)
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
    shop = await a_shop(serve)
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
    operator = await an_operator(serve)
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
    operator = await an_operator(serve, schedules_open=True)
    nobody, shop = Program(operator.port, None), await operator.make()
    made = await make(nobody, endpoint.url, schedule={"at": in_ms(SOON)})
    await endpoint.next()
    await counted(nobody, made, 1)
    assert (await shop.ok("GET", PATH))["data"] == []
    assert (await Program(operator.port, "sk_wrong").call("GET", PATH)).status == 401
    assert (await nobody.call("GET", "/api/jobs")).status == 401


async def test_m50_the_operator_sees_all_and_has_its_own(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await an_operator(serve)
    shop = await operator.make()
    theirs = await make(shop, endpoint.url)
    own = await make(operator, endpoint.url, schedule={"at": in_ms(LATER)})
    assert {one["id"] for one in (await operator.ok("GET", PATH))["data"]} == {own["id"], theirs["id"]}
    await begin(operator)
    await endpoint.next()
    await operator.ok("PUT", f"{PATH}/{theirs['id']}", {"schedule": {"cron": None, "at": in_ms(LATER)}})
    await begin(shop)
    await endpoint.next()
    await counted(operator, theirs, 1)
    assert [one["data"]["scheduleId"] for one in (await shop.ok("GET", "/api/jobs"))["jobs"]] == [theirs["id"]]
    assert len((await operator.ok("GET", "/api/jobs"))["jobs"]) == 2


async def test_m50_changes_are_audited_and_count(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await an_operator(serve)
    shop = await operator.make(maxJobsPerHour=1)
    made = await make(shop, endpoint.url)
    refused = await shop.call("POST", PATH, body(endpoint.url, name="second"))
    assert (refused.status, refused.json()["error"]["code"]) == (429, "LIMIT_EXCEEDED")
    assert [one["id"] for one in (await shop.ok("GET", PATH))["data"]] == [made["id"]]
    (entry,) = (await operator.ok("GET", "/v1/audit?limit=1"))["entries"]
    assert (entry["action"], entry["target"]) == ("POST /api/schedules", f"{PATH}/{made['id']}")
    assert entry["application"] == shop.application


async def test_m50_an_application_that_goes_takes_its_schedules_along(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await an_operator(serve)
    for path in ("/api/applications", "/v1/applications"):
        shop = await operator.make()
        made = await make(shop, endpoint.url)
        queue = f"corral-schedules@{shop.application[:8]}"
        await operator.call("DELETE", f"{path}/{shop.application}")
        assert (await operator.call("GET", f"{PATH}/{made['id']}")).status == 404
        assert (await operator.ok("GET", f"/v1/queues/{queue}/schedulers"))["schedulers"] == []


async def test_m50_no_application_gets_the_queue_of_thean_operator(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await an_operator(serve)
    shop = await operator.make(allowedQueues=["corral-schedules"])
    await shop.add("corral-schedules")
    own = await make(operator, endpoint.url)
    schedulers = "/v1/queues/corral-schedules/schedulers"
    assert [one["key"] for one in (await operator.ok("GET", schedulers))["schedulers"]] == [own["id"]]
    assert (await shop.ok("GET", schedulers))["schedulers"] == []
    assert [one["status"] for one in (await shop.ok("GET", "/api/jobs"))["jobs"]] == []
