"""One application can never read, change, list, subscribe to or learn of another's jobs.

Every operation of the table, every route of the proxy and of `/api`, and every function of the queue socket is called
with a foreign key; the victim's own view is the same afterwards, and no answer has anything of it.
"""

import asyncio
import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from websockets.asyncio.client import connect

from corral.operations.operation import Permission
from corral.operations.table import OPERATIONS
from corral.policy.built_in_queues import JobDefaults
from corral.server.call import Access
from corral.server.proxy import routes
from corral.server.proxy.functions import FUNCTIONS
from corral.server.service import table as service
from corral.store.store import Store
from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import UNSET, Client
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program

SECRET = "the-victims-secret"
ROLES_WITHOUT = {
    Permission.READ: "enqueue",
    Permission.ENQUEUE: "manage",
    Permission.WORK: "manage",
    Permission.MANAGE: "work",
    Permission.ADMIN: "manage",
    Permission.OPERATOR: "admin",
}
_ENDLESS = {"watchQueue", "watchQueues"}
_VIEW = ("jobs", "counts", "paused", "schedulers", "deduplication/once", "jobs/v1", "jobs/v2/dependencies")


async def victim(operator: Operator) -> dict[str, str]:
    """An application with one of everything in its queue; what it takes to ask for these."""
    program = await operator.make(SECRET)
    await program.call("POST", "/v1/queues/mail/pause")
    job = {"name": "n", "data": {"what": SECRET}, "opts": {"jobId": "v1", "deduplication": {"id": "once"}}}
    await program.ok("POST", "/v1/queues/mail/jobs", job)
    submitted = await program.submit("mail", metadata={"of": SECRET})
    flow = {"name": "n", "queueName": "mail", "data": SECRET, "opts": {"jobId": "v2"},
            "children": [{"name": "n", "queueName": "mail", "data": SECRET}]}  # fmt: skip
    await program.ok("POST", "/v1/flows", flow)
    schedule = {"repeat": {"every": 3_600_000}, "template": {"name": "n", "data": SECRET}}
    await program.ok("PUT", "/v1/queues/mail/schedulers/vs", schedule)
    url = f"http://{SECRET}.invalid/"
    await program.call("POST", "/workers", {"queue": "mail", "endpoint": {"url": url, "method": "POST"}})
    url = f"http://127.0.0.1:1/{SECRET}"
    webhook = await program.ok("POST", "/v1/webhooks", {"url": url, "events": ["job.completed"]})
    subscription = {"name": SECRET, "endpoint": url, "events": ["completed"]}
    subscribed = await program.ok("POST", "/v1/subscriptions", subscription)
    schedule = {"name": SECRET, "endpoint": {"url": url, "method": "POST"}, "schedule": {"cron": "0 0 1 1 *"},
                "metadata": {"of": SECRET}}  # fmt: skip
    scheduled = (await program.ok("POST", "/api/schedules", schedule))["data"]
    (key,) = (await program.ok("GET", f"/v1/applications/{program.application}/keys"))["keys"]
    return {
        "job_id": "v1", "id": "vs", "application": program.application, "key": key["id"],
        "deduplication_id": "once", "type": "completed", "jobId": submitted, "queueName": "mail",
        "secret": program.key or "", "webhook": webhook["id"], "subscription": subscribed["id"], "delivery": "1",
        "schedule": scheduled["id"],
    }  # fmt: skip


async def view(program: Program) -> list[Any]:
    """Everything that the victim sees of its own."""
    found = [await program.ok("GET", f"/v1/queues/mail/{part}") for part in _VIEW]
    keys = await program.ok("GET", f"/v1/applications/{program.application}/keys")
    workers = await program.call("GET", "/workers")
    receivers = [await program.ok("GET", f"/v1/{kind}") for kind in ("webhooks", "subscriptions")]
    for key in keys["keys"]:
        del key["lastUsedAt"]
    listed = [await program.ok("GET", f"/api/{kind}") for kind in ("jobs", "schedules")]
    listed.append(await program.ok("GET", "/v1/queues/corral-schedules/schedulers"))
    return [*found, keys, workers.text, receivers, listed]


def calls(known: dict[str, str], queue: str) -> Iterator[tuple[str, Permission, str, str, Any]]:
    """Every operation and every route of the proxy, about the victim's things."""
    fill = {**known, "queue": queue, "queueName": queue}
    for one in OPERATIONS:
        given = one.example if isinstance(one.example, dict) and "wait" not in one.example else {"count": 1}
        path = re.sub(r"\{(\w+)\}", lambda name: fill[name[1]], one.path)
        path += "?wait=0" if one.name == "getJobResult" else ""
        yield one.name, one.permission, one.method, path, given if one.method not in ("GET", "DELETE") else UNSET
    for route in routes.ROUTES:
        if route.access is Access.TOKEN:
            path = re.sub(r":(\w+)", lambda name: fill[name[1]], route.path)
            body: Any = UNSET if route.method in ("GET", "DELETE") else [{"name": "n", "data": {}}]
            if route.path == "/workers" and body is not UNSET:
                body = {"queue": queue, "endpoint": {"url": "http://127.0.0.1:1/", "method": "POST"}}
            if route.path.startswith("/endpoints") and body is not UNSET:
                body = {"url": "http://127.0.0.1:1/"}
            yield f"{route.method} {route.path}", route.permission, route.method, path, body


def service_calls(known: dict[str, str], queue: str) -> Iterator[tuple[str, Permission, str, str, Any]]:
    """Every route of `/api` that takes a key, about the victim's things."""
    said = {"status": "started", "webhooks": {"*": "http://1.1.1.1/"}, "enabled": False, "name": "stolen",
            "queue": queue, "data": {"n": 1}, "metadata": {"of": "stolen"}}  # fmt: skip
    for route in service.routes(JobDefaults(), schedules_open=False):
        if route.access is Access.KEY:
            kind = route.path.split("/")[2]
            fill = {**known, "queue": queue, "id": known.get(kind.removesuffix("s"), "")}
            path = "/".join(fill[part[1:]] if part.startswith(":") else part for part in route.path.split("/"))
            body: Any = UNSET if route.method in ("GET", "DELETE") else said
            yield f"{route.method} {route.path}", route.permission, route.method, path, body
    for query in (f"queue={queue}", f"metadata.of={SECRET}"):
        yield "GET /api/jobs", Permission.READ, "GET", f"/api/jobs?{query}", UNSET


@pytest.mark.parametrize("first", [True, False], ids=["owns the name", "came second"])
async def test_m27_a_foreign_key_neither_sees_nor_changes_anything(serve: Serve, first: bool) -> None:
    server = await serve(master_api_key=MASTER, rate_limit_max_requests=0)
    operator = Operator(server)
    if not first:
        await (await operator.make("earlier")).add("mail")
    known = await victim(operator)
    owner = Program(server.port, known["secret"], known["application"])
    before = await view(owner)
    stranger = await operator.make("stranger")
    await operator.another(stranger, "admin")
    for queue in ("mail", f"mail@{known['application'][:8]}"):
        for name, _, method, path, body in (*calls(known, queue), *service_calls(known, queue)):
            if name in _ENDLESS:
                continue
            reply = await stranger.call(method, path, body)
            assert reply.status != 500, (name, reply)
            assert SECRET not in reply.text, (name, reply)
    await every_function(server, stranger, known)
    assert await view(owner) == before


async def every_function(server: RunningServer, stranger: Program, known: dict[str, str]) -> None:
    """Functions of the socket take an id first, if anything."""
    async with connect(f"{server.ws_url}/queues/mail?token={stranger.key}") as socket:
        for number, (fn, function) in enumerate(FUNCTIONS.items()):
            if fn in ("claimJobs", "waitUntilFinished"):
                continue
            args = [known["job_id"], "1", "2"][: function.least]
            await socket.send(json.dumps({"id": number, "data": {"fn": fn, "args": args}}))
            answer = json.loads(await asyncio.wait_for(socket.recv(), 30))
            assert SECRET not in json.dumps(answer), (fn, answer)
            assert "Internal error" not in json.dumps(answer), (fn, answer)


async def test_m27_each_row_asks_for_its_role(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER, rate_limit_max_requests=0)
    operator = Operator(server)
    known = await victim(operator)
    owner = Program(server.port, known["secret"], known["application"])
    small = {role: await operator.another(owner, role) for role in set(ROLES_WITHOUT.values())}
    for name, permission, method, path, body in (*calls(known, "mail"), *service_calls(known, "mail")):
        reply = await small[ROLES_WITHOUT[permission]].call(method, path, body)
        assert reply.status == 403, (name, permission, reply)
    for permission, role in ROLES_WITHOUT.items():
        async with connect(f"{server.ws_url}/queues/mail?token={small[role].key}") as socket:
            if role == "enqueue":
                continue  # the socket itself asks for `read`
            for fn, function in FUNCTIONS.items():
                if function.permission == permission:
                    args = ["x"] * function.least
                    await socket.send(json.dumps({"id": 1, "data": {"fn": fn, "args": args}}))
                    answer = json.loads(await asyncio.wait_for(socket.recv(), 30))["data"]
                    assert "needs the role" in json.dumps(answer), (fn, answer)


async def test_m27_a_job_of_somebody_else_is_told_as_such_by_its_id(serve: Serve) -> None:
    operator = Operator(await serve(master_api_key=MASTER))
    known = await victim(operator)
    stranger = await operator.make("stranger")
    reply = await stranger.call("GET", f"/api/jobs/{known['jobId']}")
    assert (reply.status, reply.json()) == (403, {"success": False, "error": "Access denied"})
    assert (await stranger.ok("GET", "/api/jobs"))["count"] == 0
    assert (await operator.ok("GET", "/api/jobs"))["count"] == 2  # and the next one of the schedule


async def test_m27_a_child_cannot_be_hung_on_a_foreign_parent(serve: Serve, prefix: str) -> None:
    operator = Operator(await serve(master_api_key=MASTER))
    known = await victim(operator)
    owner = Program(operator.port, known["secret"], known["application"])
    before = await view(owner)
    stranger = await operator.make("stranger")
    parent = {"id": "v2", "queue": f"{prefix}:mail"}
    for queue in ("mail", "own"):
        for path in (f"/v1/queues/{queue}/jobs", f"/queues/{queue}/jobs"):
            reply = await stranger.call("POST", path, [{"name": "n", "data": {}, "opts": {"parent": parent}}])
            assert reply.status in (400, 404, 500), reply
    assert await view(owner) == before


async def test_m27_events_of_somebody_else_are_not_heard(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    operator = Operator(server)
    owner, stranger = await operator.make("owner"), await operator.make("stranger")
    await owner.add("mail")
    paths = ("/v1/queues/mail/events", "/v1/events", "/queues/mail/events?events=waiting,added")
    heard: list[str] = []
    sockets = [
        await connect(f"{server.ws_url}{path}{'&' if '?' in path else '?'}token={stranger.key}") for path in paths
    ]

    async def listen(socket: Any) -> None:
        async for message in socket:
            heard.append(message)  # noqa: PERF401 - one by one, as they come

    tasks = [asyncio.create_task(listen(socket)) for socket in sockets]
    (own,) = await stranger.add("mail")
    await owner.add("mail", 5)
    (last,) = await stranger.add("mail")
    await until(lambda: sum(f'"{last}"' in one for one in heard) >= 2)
    text = "".join(heard)
    assert {*re.findall(r'"jobId":"(\w+)"', text)} <= {own, last}
    for socket in sockets:
        await socket.close()
    await asyncio.gather(*tasks)


async def test_m27_the_lock_of_a_submitted_job_opens_nothing(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make()
    job_id = await shop.submit("mail")
    await shop.ok("PUT", f"/api/jobs/{job_id}", {"status": "started"})
    guessed = Client(server.port, f"api:{job_id}")
    assert (await guessed.call("POST", f"/queues/mail/jobs/{job_id}/progress", 50)).status == 401


async def test_m27_both_engines_name_the_queue_as_the_protocols_do(serve: Serve) -> None:
    """What an application is shown of the store goes by the names of parameters."""
    store = (await serve()).process.engine.store
    parts = {name: get_type_hints(value.fget)["return"] for name, value in vars(Store).items()
             if isinstance(value, property) and name not in ("prefix", "is_ready")}  # fmt: skip
    for part, protocol in parts.items():
        for name, method in inspect.getmembers(protocol, inspect.isfunction):
            if not name.startswith("_"):
                given = inspect.signature(getattr(getattr(store, part), name)).parameters
                assert ("queue" in given) == ("queue" in inspect.signature(method).parameters), f"{part}.{name}"
