"""What the queue service tells without a key, and of requests that it cannot read."""

import pytest

from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program

TOPICS = ("auth", "errors", "jobs", "patterns", "queues", "schedules", "subscriptions", "webhooks")


@pytest.fixture
async def api(serve: Serve) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0, body_limit=50_000))


async def test_m01_the_root_is_a_document_for_who_wants_json(api: Operator) -> None:
    reply = await Client(api.port, None).call("GET", "/", headers={"accept": "application/json, text/plain, */*"})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    found = reply.json()
    assert list(found) == ["service", "version", "status", "documentation", "quickstart", "hints"]
    assert (found["service"], found["version"], found["status"]) == ("Queue Service API", "1.0.0", "online")
    assert found["documentation"] == "/api/explain"
    assert found["quickstart"]["1"]
    assert found["hints"]


async def test_m01_and_the_banner_for_everybody_else(api: Operator) -> None:
    reply = await Client(api.port, None).call("GET", "/", headers={"accept": "*/*"})
    assert "BullMQ Proxy (c)" in reply.text.splitlines()[-1]


async def test_m02_health(api: Operator) -> None:
    await until(lambda: _is_healthy(api))
    reply = await Client(api.port, None).call("GET", "/health")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    found = reply.json()
    assert found.keys() >= {"status", "timestamp", "queues", "version", "uptime", "redis"}
    assert (found["status"], found["redis"]) == ("healthy", "connected")
    assert found["timestamp"].endswith("Z")
    assert found["uptime"] >= 0


async def test_m03_everything_is_explained_without_a_key(api: Operator) -> None:
    nobody = Program(api.port, None)
    overview = await nobody.ok("GET", "/api/explain")
    assert (overview["success"], sorted(overview["data"]["topics"])) == (True, sorted(TOPICS))
    assert await nobody.ok("GET", "/api") == overview
    for path in overview["data"]["topics"].values():
        found = await nobody.ok("GET", path)
        assert found["success"]
        assert found["data"]
    for queue in ("email", "webhook", "ai-processing"):
        assert (await nobody.ok("GET", f"/api/explain/jobs/{queue}"))["data"]["queue"] == queue
    reply = await nobody.call("GET", "/api/explain/jobs/unheard-of")
    assert (reply.status, reply.json()["error"]["code"]) == (404, "QUEUE_NOT_DOCUMENTED")


async def test_m03_routes_that_are_explained_are_there(api: Operator) -> None:
    for topic in ("jobs", "queues", "schedules"):
        explained = (await api.ok("GET", f"/api/explain/{topic}"))["data"]["endpoints"]
        for route in explained:
            method, path = route.split(" ")
            named = path.replace(":jobId", "nothing").replace(":queue", "email").replace(":id", "nothing")
            reply = await api.call(method, named, {} if method != "GET" else b"")
            assert reply.text != "Not found", route


@pytest.mark.parametrize("body", [b"{bad", b'{"queue": "mail", "data": {]}', b"\xff", b'{"data": 1e999}'])
async def test_m54_bodies_that_are_no_json(api: Operator, body: bytes) -> None:
    for method, path in (("POST", "/api/jobs"), ("PUT", "/api/jobs/1"), ("POST", "/api/jobs/1/webhook")):
        reply = await api.call(method, path, body)
        found = reply.json()
        assert (reply.status, found["success"], found["error"]["code"]) == (400, False, "INTERNAL_ERROR"), reply
        assert found["error"].keys() >= {
            "message", "hints", "possibleCauses", "suggestedFixes", "relatedEndpoints",
        }  # fmt: skip
        assert (found["metadata"]["path"], found["metadata"]["method"]) == (path, method)


async def test_m54_bodies_that_are_too_large(api: Operator) -> None:
    for method, path in (("POST", "/api/jobs"), ("PUT", "/api/jobs/1?a=b")):
        reply = await api.call(method, path, {"queue": "mail", "data": {"x": "y" * 60_000}})
        assert (reply.status, reply.headers["content-type"]) == (413, "application/json")
        error, metadata = reply.json()["error"], reply.json()["metadata"]
        assert (error["code"], error["message"]) == ("INTERNAL_ERROR", "Payload too large")
        assert error.keys() >= {"hints", "possibleCauses", "suggestedFixes", "relatedEndpoints"}
        assert (metadata["method"], metadata["path"]) == (method, path.partition("?")[0])
    outside = await api.call("POST", "/queues/mail/jobs", [{"name": "n", "data": "y" * 60_000}])
    assert (outside.status, outside.text) == (413, "Payload too large")


async def test_m57_nothing_else_is_needed(api: Operator) -> None:
    job_id = await api.submit("mail", webhooks={"completed": "https://example.com/done"})
    assert (await api.ok("GET", f"/api/jobs/{job_id}"))["job"]["status"] == "waiting"


async def _is_healthy(api: Operator) -> bool:
    return bool((await Client(api.port, None).call("GET", "/health")).json()["status"] == "healthy")
