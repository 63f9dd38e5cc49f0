"""Applications are made, changed and deleted, and survive."""

import re

import pytest

from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


async def test_m08_create_list_get_change_delete(serve: Serve) -> None:
    operator = Operator(await serve(master_api_key=MASTER))
    reply = await operator.call("POST", "/api/applications", {"name": "shop"})
    made = reply.json()["data"]
    assert (reply.status, reply.json()["success"]) == (201, True)
    assert list(made) == ["id", "name", "apiKey", "settings", "createdAt", "updatedAt"]
    assert _UUID.fullmatch(made["id"])
    assert made["settings"] == {"allowedQueues": ["*"]}
    assert _ISO.fullmatch(made["createdAt"])
    assert made["createdAt"] == made["updatedAt"]
    shown = {name: made[name] for name in made if name != "apiKey"}
    assert await operator.ok("GET", "/api/applications") == {"success": True, "data": [shown]}
    assert await operator.ok("GET", f"/api/applications/{made['id']}") == {"success": True, "data": shown}
    changed = (await operator.ok("PATCH", f"/api/applications/{made['id']}", {"name": "store"}))["data"]
    assert (changed["name"], changed["settings"], changed["createdAt"]) == (
        "store",
        shown["settings"],
        made["createdAt"],
    )
    gone = await operator.ok("DELETE", f"/api/applications/{made['id']}")
    assert gone == {"success": True, "data": {"message": "Application deleted successfully"}}
    assert (await operator.ok("GET", "/api/applications"))["data"] == []


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}, {"settings": {}}])
async def test_m08_a_name_is_needed(serve: Serve, body: object) -> None:
    reply = await Operator(await serve(master_api_key=MASTER)).call("POST", "/api/applications", body)
    error = {"code": "MISSING_NAME", "message": "Application name is required"}
    assert (reply.status, reply.json()) == (400, {"success": False, "error": error})


async def test_m08_settings_that_cannot_be(serve: Serve) -> None:
    operator = Operator(await serve(master_api_key=MASTER))
    for settings in ({"maxConcurrentJobs": 0}, {"allowedQueues": "*"}, {"maxConcurrentJobs": "x"}):
        reply = await operator.call("POST", "/api/applications", {"name": "a", "settings": settings})
        assert (reply.status, reply.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_m08_an_application_that_is_not_there(serve: Serve, method: str) -> None:
    reply = await Operator(await serve(master_api_key=MASTER)).call(method, "/api/applications/nobody", {"name": "x"})
    error = {"code": "APPLICATION_NOT_FOUND", "message": "Application 'nobody' not found"}
    assert (reply.status, reply.json()) == (404, {"success": False, "error": error})


async def test_m09_a_key_works_at_once_and_ends_with_its_application(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    other_process = await serve(master_api_key=MASTER)
    shop = await Operator(server).make()
    assert re.fullmatch(r"sk_[0-9a-f]{32}", shop.key or "")
    for port in (server.port, other_process.port):
        assert (await Program(port, shop.key).call("GET", "/api/jobs")).status == 200
    await Operator(server).ok("DELETE", f"/api/applications/{shop.application}")
    assert (await shop.call("GET", "/api/jobs")).status == 401


async def test_m09_the_secret_is_shown_once_and_not_stored(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    operator = Operator(server)
    shop = await operator.make()
    for path in ("/api/applications", f"/api/applications/{shop.application}"):
        assert (shop.key or "-") not in (await operator.call("GET", path)).text
    store = server.process.engine.store
    for kind in ("applications", "keys"):
        _, records = await store.records.all(kind)
        assert records
        assert all((shop.key or "-").encode() not in record for record in records.values())


async def test_m10_applications_survive_a_restart(serve: Serve) -> None:
    first = await serve(master_api_key=MASTER)
    settings = {"allowedQueues": ["mail"], "maxConcurrentJobs": 100, "metadata": {"environment": "production"}}
    shop = await Operator(first).make("My Application", **settings)
    await first.process.stop(0)
    second = await serve(master_api_key=MASTER)
    found = (await Operator(second).ok("GET", f"/api/applications/{shop.application}"))["data"]
    assert (found["name"], found["settings"]) == ("My Application", settings)
    assert (await Program(second.port, shop.key).call("GET", "/api/jobs")).status == 200


async def test_m10_patch_keeps_what_is_left_out(serve: Serve) -> None:
    operator = Operator(await serve(master_api_key=MASTER))
    shop = await operator.make("shop", allowedQueues=["mail"])
    path = f"/api/applications/{shop.application}"
    found = (await operator.ok("PATCH", path, {"settings": {"maxConcurrentJobs": 2}}))["data"]
    assert (found["name"], found["settings"]) == ("shop", {"allowedQueues": ["*"], "maxConcurrentJobs": 2})
    assert (await operator.ok("PATCH", path, {}))["data"]["name"] == "shop"
