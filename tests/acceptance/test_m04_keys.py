"""Who may call `/api`, and by which header."""

import pytest

from corral.testing.server import TOKEN
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/jobs"), ("POST", "/api/jobs"), ("GET", "/api/queues")])
async def test_m04_without_a_key(serve: Serve, method: str, path: str) -> None:
    server = await serve()
    reply = await Program(server.port, None).call(method, path)
    error = reply.json()["error"]
    assert (reply.status, reply.json()["success"], error["code"]) == (401, False, "MISSING_API_KEY")
    assert error["message"] == "Missing x-api-key header"
    assert all(error[name] for name in ("hints", "possibleCauses", "suggestedFixes"))


@pytest.mark.parametrize("key", ["nonsense", "sk_" + "0" * 32, "default-api-key"])
async def test_m04_with_a_key_that_is_none(serve: Serve, key: str) -> None:
    server = await serve(master_api_key=MASTER)
    reply = await Program(server.port, key).call("GET", "/api/jobs")
    error = reply.json()["error"]
    assert (reply.status, error["code"], error["message"]) == (401, "INVALID_API_KEY", "Invalid API key")
    assert all(isinstance(error[name], list) for name in ("hints", "possibleCauses", "suggestedFixes"))


async def test_m04_a_key_may_be_a_bearer_token_and_a_token_a_key(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make()
    assert (await Client(server.port, shop.key).call("GET", "/api/jobs")).status == 200
    assert (await Program(server.port, TOKEN).call("GET", "/api/jobs")).status == 200
    assert (await Client(server.port, MASTER).call("GET", "/v1/queues")).status == 200


async def test_m05_what_the_master_may_and_applications_may_not(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    operator = Operator(server)
    shop = await operator.make()
    job_id = await shop.submit("mail")
    assert (await operator.call("GET", f"/api/jobs/{job_id}")).status == 200
    assert [job["id"] for job in (await operator.ok("GET", "/api/jobs"))["jobs"]] == [job_id]
    for verb in ("pause", "resume", "clean"):
        refused = await shop.call("POST", f"/api/queues/mail/{verb}", {})
        assert (refused.status, refused.json()["error"]["code"]) == (403, "PERMISSION_DENIED")
        assert (await operator.call("POST", f"/api/queues/mail/{verb}", {})).status == 200


@pytest.mark.parametrize("master", [MASTER, None])
async def test_m05_applications_are_the_masters_alone(serve: Serve, master: str | None) -> None:
    server = await serve(master_api_key=master)
    keys = [None, "nonsense", *([(await Operator(server).make()).key] if master else [])]
    for key in keys:
        for method, path in (("GET", ""), ("POST", ""), ("GET", "/x"), ("PATCH", "/x"), ("DELETE", "/x")):
            reply = await Program(server.port, key).call(method, f"/api/applications{path}", {"name": "x"})
            assert reply.status == 403
            assert reply.json() == {
                "success": False,
                "error": {"code": "FORBIDDEN", "message": "Master API key required"},
            }


async def test_m06_without_authentication_all_are_the_application_default(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER, checks_keys=False)
    for key in (None, "nonsense"):
        anybody = Program(server.port, key)
        job_id = await anybody.submit("mail")
        job = (await anybody.ok("GET", f"/api/jobs/{job_id}"))["job"]
        assert job["data"]["_applicationId"] == "default"
    assert (await Program(server.port, None).call("GET", "/api/applications")).status == 403
    assert (await Program(server.port, None).call("GET", "/v1/queues")).status == 401


async def test_m07_another_header(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER, api_key_header="X-Queue-Key")
    reply = await Program(server.port, MASTER).call("GET", "/api/jobs")
    assert (reply.status, reply.json()["error"]["message"]) == (401, "Missing X-Queue-Key header")
    assert (await Program(server.port, MASTER, header="x-queue-key").call("GET", "/api/jobs")).status == 200
