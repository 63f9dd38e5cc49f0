"""Which queues an application and its keys may use, on every surface."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from corral.testing.server import TOKEN
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator

DENIED = {"success": False, "error": {"code": "QUEUE_ACCESS_DENIED", "message": "Access denied to queue: other"}}


async def test_m11_queues_that_are_not_allowed_are_refused_everywhere(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make("shop", allowedQueues=["mail", "img-*"])
    await shop.submit("mail")
    await shop.submit("img-small")
    refused = await shop.call("POST", "/api/jobs", {"queue": "other", "data": {"n": 1}})
    assert (refused.status, refused.json()) == (403, DENIED)
    refused = await shop.call("GET", "/api/queues/other/stats")
    assert (refused.status, refused.json()) == (403, DENIED)
    assert (await shop.call("GET", "/api/queues/mail/stats")).status == 200
    problem = (await shop.call("POST", "/v1/queues/other/jobs", [{"name": "n"}])).json()
    assert (problem["status"], problem["type"]) == (403, "/docs/problems#forbidden")
    refused = await shop.call("POST", "/queues/other/jobs", [{"name": "n", "data": {}}])
    assert (refused.status, refused.text) == (403, "Access denied to queue: other")
    for path in ("other", "other/process/1", "other/events"):
        async with connect(f"{server.ws_url}/ws/queues/{path}?token={shop.key}") as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


async def test_m11_a_key_may_reach_less_than_its_application(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    operator = Operator(server)
    shop = await operator.make("shop", allowedQueues=["mail", "img-*"])
    images = await operator.another(shop, "enqueue", "read", allowedQueues=["img-*", "other"])
    await shop.submit("mail")
    await images.submit("img-small")
    for queue in ("mail", "other"):
        assert (await images.call("POST", "/api/jobs", {"queue": queue, "data": {"n": 1}})).status == 403
    assert [one["name"] for one in (await images.ok("GET", "/v1/queues"))["queues"]] == ["img-small"]
    assert [job["queue"] for job in (await images.ok("GET", "/api/jobs"))["jobs"]] == ["img-small"]


async def test_m11_settings_without_queues_mean_all(serve: Serve) -> None:
    shop = await Operator(await serve(master_api_key=MASTER)).make("shop", maxConcurrentJobs=100)
    await shop.submit("anything")


async def test_m11_roles(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    operator = Operator(server)
    shop = await operator.make()
    (job_id,) = await shop.add("mail")
    reader, writer = await operator.another(shop, "read"), await operator.another(shop, "enqueue")
    worker, manager = await operator.another(shop, "work"), await operator.another(shop, "manage")
    job = f"/v1/queues/mail/jobs/{job_id}"
    asked: dict[str, Any] = {
        "read": ("GET", job),
        "enqueue": ("POST", "/v1/queues/mail/jobs", [{"name": "n"}]),
        "work": ("POST", "/v1/queues/mail/leases", {"count": 1, "leaseMs": 1000}),
        "manage": ("POST", "/v1/queues/mail/pause"),
        "admin": ("GET", f"/v1/applications/{shop.application}/keys"),
        "operator": ("GET", "/v1/applications"),
    }
    may = {
        reader: {"read"},
        writer: {"enqueue"},
        worker: {"read", "work"},
        manager: {"read", "manage"},
        shop: {"read", "enqueue", "work", "manage", "admin"},
    }
    for program, allowed in may.items():
        for role, call in asked.items():
            reply = await program.call(*call)
            assert (reply.status != 403) == (role in allowed), (role, allowed, reply)


async def test_m11_roles_on_the_socket(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    operator = Operator(server)
    reader = await operator.another(await operator.make(), "read")
    async with connect(f"{server.ws_url}/ws/queues/mail?token={reader.key}") as socket:
        for fn, args, ok in (("getJobCounts", [], True), ("add", ["n", {}], False), ("pause", [], False)):
            await socket.send(json.dumps({"id": 1, "data": {"fn": fn, "args": args}}))
            answer = json.loads(await socket.recv())["data"]
            assert ("err" not in answer) == ok, answer
    async with connect(f"{server.ws_url}/ws/queues/mail/process/1?token={reader.key}") as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_m11_a_queue_that_is_in_use_is_the_operators_unless_it_was_given(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    operator = Operator(server)
    await Client(server.port, TOKEN).add("mail", {"name": "n", "data": {}})
    anybody = await operator.make("a")
    (job_id,) = await anybody.add("mail")
    assert (await operator.ok("GET", f"/v1/queues/mail@{anybody.application[:8]}/jobs/{job_id}"))["id"] == job_id
    named = await operator.make("b", allowedQueues=["mail"])
    await named.add("mail")
    assert (await named.ok("GET", "/v1/queues/mail/counts"))["waiting"] == 2
