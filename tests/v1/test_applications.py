"""Applications, their keys, and the audit log on the native surface."""

import asyncio
import hashlib
import json
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.service import MASTER, Operator, Program


async def start(serve: Serve) -> tuple[RunningServer, Operator]:
    server = await serve(master_api_key=MASTER)
    return server, Operator(server)


async def test_applications(serve: Serve) -> None:
    _, operator = await start(serve)
    reply = await operator.call("POST", "/v1/applications", {"name": "shop", "settings": {"maxJobsPerHour": 5}})
    made = reply.json()
    assert (reply.status, reply.headers["location"]) == (201, f"/v1/applications/{made['id']}")
    assert made["settings"] == {"allowedQueues": ["*"], "maxJobsPerHour": 5}
    assert (await operator.ok("GET", "/v1/applications"))["applications"] == [made]
    assert await operator.ok("GET", reply.headers["location"]) == made
    changed = await operator.ok("PATCH", reply.headers["location"], {"name": "store"})
    assert (changed["name"], changed["settings"]) == ("store", made["settings"])
    assert (await operator.ok("GET", f"{reply.headers['location']}/keys"))["keys"] == []
    assert (await operator.call("DELETE", reply.headers["location"])).status == 204
    assert (await operator.call("GET", reply.headers["location"])).status == 404


async def test_a_key_is_rotated_with_an_overlap(serve: Serve) -> None:
    server, operator = await start(serve)
    shop = await operator.another(await operator.make(), "read", name="web", allowedQueues=["mail"])
    path = f"/v1/applications/{shop.application}/keys"
    old = next(key for key in (await operator.ok("GET", path))["keys"] if key["name"] == "web")
    assert (old["hint"], old["expiresAt"], old["roles"]) == ((shop.key or "")[-4:], None, ["read"])
    new = await operator.ok("POST", f"{path}/{old['id']}/rotate", {"overlapMs": 60_000})
    assert (new["roles"], new["name"], new["allowedQueues"]) == (["read"], "web", ["mail"])
    for key in (shop.key, new["secret"]):
        assert (await Program(server.port, key).call("GET", "/v1/queues/mail/counts")).status == 200
    ends = (await operator.ok("GET", f"{path}/{old['id']}"))["expiresAt"]
    assert 50_000 < ends - time.time() * 1000 <= 60_000
    again = await operator.ok("POST", f"{path}/{new['id']}/rotate", {"overlapMs": 0})
    assert (await Program(server.port, new["secret"]).call("GET", "/v1/queues")).status == 401
    assert (await Program(server.port, again["secret"]).call("GET", "/v1/queues")).status == 200


async def test_a_key_expires_and_is_revoked(serve: Serve) -> None:
    _, operator = await start(serve)
    shop = await operator.make()
    path = f"/v1/applications/{shop.application}/keys"
    past = await operator.another(shop, "read", expiresAt=1)
    assert (await past.call("GET", "/v1/queues")).status == 401
    (key, _) = (await operator.ok("GET", path))["keys"]
    assert (await operator.call("DELETE", f"{path}/{key['id']}")).status == 204
    assert (await shop.call("GET", "/v1/queues")).status == 401
    assert (await operator.call("DELETE", f"{path}/{key['id']}")).status == 404


async def test_the_last_use_of_a_key(serve: Serve) -> None:
    server, operator = await start(serve)
    shop = await operator.make()
    path = f"/v1/applications/{shop.application}/keys"
    (unused,) = (await operator.ok("GET", path))["keys"]
    await shop.call("GET", "/v1/queues")
    (used,) = (await operator.ok("GET", path))["keys"]
    assert unused["lastUsedAt"] is None
    assert abs(used["lastUsedAt"] - time.time() * 1000) < 10_000
    await server.process.stop(0)
    second = Operator(await serve(master_api_key=MASTER))
    assert (await second.ok("GET", path))["keys"] == [used]


async def test_an_administrator_has_the_keys_of_its_own_application(serve: Serve) -> None:
    _, operator = await start(serve)
    shop, other = await operator.make(), await operator.make()
    await shop.ok("POST", f"/v1/applications/{shop.application}/keys", {"roles": ["read"]})
    for path in (other.application, "nobody"):
        assert (await shop.call("GET", f"/v1/applications/{path}/keys")).status == 404
        assert (await shop.call("POST", f"/v1/applications/{path}/keys", {"roles": ["read"]})).status == 404
    narrow = await operator.another(shop, "admin", allowedQueues=["mail"])
    refused = await narrow.call("POST", f"/v1/applications/{shop.application}/keys", {"roles": ["admin"]})
    assert refused.status == 403


async def test_what_is_open_ends_with_the_key(serve: Serve) -> None:
    server, operator = await start(serve)
    shop = await operator.make()
    reader = await operator.another(shop, "read")
    (_, key) = (await operator.ok("GET", f"/v1/applications/{shop.application}/keys"))["keys"]
    async with connect(f"{server.ws_url}/queues/mail?token={reader.key}") as socket:
        await operator.call("DELETE", f"/v1/applications/{shop.application}/keys/{key['id']}")
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4000


async def test_the_audit_log(serve: Serve) -> None:
    server, operator = await start(serve)
    shop = await operator.make()
    await shop.add("mail")
    await shop.call("GET", "/v1/queues")
    await shop.call("POST", "/v1/queues/mail/pause")
    await Client(server.port).call("POST", "/v1/queues/nosuch/jobs/1/promote")
    await operator.call("DELETE", f"/api/applications/{shop.application}")
    entries = (await operator.ok("GET", "/v1/audit"))["entries"]
    assert [(one["action"], one["target"], one["application"]) for one in entries] == [
        ("DELETE /api/applications/:id", f"/api/applications/{shop.application}", None),
        ("POST /v1/queues/:queue/pause", "/v1/queues/mail/pause", shop.application),
        ("POST /api/applications", f"/api/applications/{shop.application}", None),
    ]
    assert all(one["key"] and abs(one["at"] - time.time() * 1000) < 10_000 for one in entries)
    assert len({one["key"] for one in entries}) == 2
    first = await operator.ok("GET", "/v1/audit?limit=2")
    rest = await operator.ok("GET", f"/v1/audit?limit=2&cursor={first['nextCursor']}")
    assert [*first["entries"], *rest["entries"]] == entries
    assert (await operator.call("GET", "/v1/audit?cursor=eA")).status == 400


async def test_the_audit_log_names_who_called_over_a_websocket(serve: Serve) -> None:
    server, operator = await start(serve)
    shop = await operator.make()
    await shop.add("mail")
    for token in (MASTER, shop.key):
        async with connect(f"{server.ws_url}/queues/mail?token={token}") as socket:
            await socket.send(json.dumps({"id": 1, "data": {"fn": "pause", "args": []}}))
            assert json.loads(await socket.recv()) == {"id": 1, "data": {}}
    await operator.call("POST", "/v1/queues/mail/resume")
    entries = (await operator.ok("GET", "/v1/audit"))["entries"]
    resumed, by_shop, by_operator = entries[:3]
    assert [one["action"] for one in entries[:3]] == ["POST /v1/queues/:queue/resume", "pause", "pause"]
    assert by_operator["key"] == resumed["key"] == hashlib.sha256(MASTER.encode()).hexdigest()[:8]
    assert by_shop["key"] not in (None, by_operator["key"])
    assert (by_shop["application"], by_operator["application"]) == (shop.application, None)
    assert {one["address"] for one in entries[:3]} == {"127.0.0.1"}


async def test_names_that_are_released(serve: Serve) -> None:
    _, operator = await start(serve)
    first = await operator.make()
    await first.add("full")
    await first.call("POST", "/v1/queues/empty/pause")
    await first.call("POST", "/v1/queues/empty/resume")
    await operator.call("DELETE", f"/api/applications/{first.application}")
    second = await operator.make("next", allowedQueues=["full", "empty"])
    for queue in ("full", "empty"):
        await second.add(queue)
        assert (await second.ok("GET", f"/v1/queues/{queue}/counts"))["waiting"] == 1
    names = {one["name"] for one in (await operator.ok("GET", "/v1/queues"))["queues"]}
    assert names == {"full", f"full@{second.application[:8]}", "empty"}


async def test_a_queue_is_known_in_every_process_at_once(serve: Serve) -> None:
    one, two = await serve(master_api_key=MASTER), await serve(master_api_key=MASTER)
    shop = await Operator(one).make()
    there = Program(two.port, shop.key, shop.application)
    for n in range(5):
        (job_id,) = await shop.add(f"mail{n}")
        assert (await there.call("GET", f"/v1/queues/mail{n}/jobs/{job_id}")).status == 200


async def test_endpoints_of_an_application_that_is_gone_are_called_no_more(serve: Serve) -> None:
    _, operator = await start(serve)
    shop = await operator.make()
    target = {"url": "http://127.0.0.1:1/", "method": "POST"}
    for queue, who in (("mail", shop), ("news", operator)):
        await shop.add(queue)
        assert (await who.call("POST", "/workers", {"queue": queue, "endpoint": target})).status == 200
    assert {"mail", "news"} <= set(await operator.ok("GET", "/workers"))
    await operator.call("DELETE", f"/api/applications/{shop.application}")

    async def gone() -> bool:
        return not {"mail", "news"} & set(await operator.ok("GET", "/workers"))

    await until(gone, 30)


async def test_an_endpoint_of_whoever_came_second_reports_progress(serve: Serve, endpoint: EndpointServer) -> None:
    server, operator = await start(serve)
    await (await operator.make()).add("mail")
    shop = await operator.make()
    endpoint.script = hold
    physical = f"mail@{shop.application[:8]}"
    target = {"url": endpoint.url, "method": "POST", "timeout": 60_000}
    await operator.call("POST", "/workers", {"queue": physical, "endpoint": target})
    (job_id,) = await shop.add("mail")
    call = await endpoint.next()
    assert call.job["queueQualifiedName"].rpartition(":")[2] == physical
    worker = Client(server.port, call.token)
    assert (await worker.call("POST", f"/queues/mail/jobs/{job_id}/progress", 10)).status == 401
    assert (await worker.call("POST", f"/queues/{physical}/jobs/{job_id}/progress", 20)).status == 200
    named = {"x-api-key": shop.key or ""}
    assert (await worker.call("POST", f"/queues/mail/jobs/{job_id}/progress", 30, headers=named)).status == 200
    assert (await shop.ok("GET", f"/v1/queues/mail/jobs/{job_id}"))["progress"] == 30
    assert (await shop.ok("GET", f"/v1/queues/mail/jobs/{job_id}"))["queueQualifiedName"].endswith(":mail")
    call.respond(response({"ok": True}))
