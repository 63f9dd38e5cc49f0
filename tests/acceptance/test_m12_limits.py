"""How many jobs of an application run at once, and how many it may add."""

import asyncio

from websockets.asyncio.client import connect

from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointCall, EndpointServer, hold, response
from tests.acceptance.following import works
from tests.acceptance.service import MASTER, Operator, Program

_LEASES = {"count": 10, "leaseMs": 60_000}


async def active(program: Program, *queues: str) -> int:
    counts = [await program.ok("GET", f"/v1/queues/{queue}/counts") for queue in queues]
    return int(sum(one["active"] for one in counts))


async def test_m12_claims_over_all_queues_and_processes(serve: Serve) -> None:
    server, other = await serve(master_api_key=MASTER), await serve(master_api_key=MASTER)
    shop = await Operator(server).make("shop", maxConcurrentJobs=3)
    there = Program(other.port, shop.key, shop.application)
    for queue in ("one", "two"):
        await shop.add(queue, 5)
    claims = [program.ok("POST", f"/v1/queues/{queue}/leases", _LEASES)
              for program in (shop, there) for queue in ("one", "two")]  # fmt: skip
    leases = [lease for found in await asyncio.gather(*claims) for lease in found["leases"]]
    assert len(leases) == 3
    assert await active(shop, "one", "two") == 3
    queue = leases[0]["job"]["queueQualifiedName"].rpartition(":")[2]
    items = [{"id": leases[0]["job"]["id"], "token": leases[0]["token"]}]
    await shop.ok("POST", f"/v1/queues/{queue}/leases/complete", {"items": items})
    assert len((await there.ok("POST", "/v1/queues/two/leases", _LEASES))["leases"]) == 1
    assert await active(shop, "one", "two") == 3


async def test_m12_jobs_in_a_queue_that_another_process_has_just_made_count(serve: Serve) -> None:
    server, other = await serve(master_api_key=MASTER), await serve(master_api_key=MASTER)
    shop = await Operator(server).make("shop", maxConcurrentJobs=1)
    there = Program(other.port, shop.key, shop.application)
    await shop.add("one")
    assert await active(there, "one") == 0
    await shop.add("two")
    assert len((await shop.ok("POST", "/v1/queues/two/leases", _LEASES))["leases"]) == 1
    assert (await there.ok("POST", "/v1/queues/one/leases", _LEASES))["leases"] == []


async def test_m12_started_over_http(serve: Serve) -> None:
    shop = await Operator(await serve(master_api_key=MASTER)).make("shop", maxConcurrentJobs=1)
    first, second = await shop.submit("one"), await shop.submit("two")
    await shop.ok("PUT", f"/api/jobs/{first}", {"status": "started"})
    refused = await shop.call("PUT", f"/api/jobs/{second}", {"status": "started"})
    assert refused.status == 429
    await shop.ok("PUT", f"/api/jobs/{first}", {"status": "completed"})
    await shop.ok("PUT", f"/api/jobs/{second}", {"status": "started"})


async def test_m12_endpoints_and_sockets(serve: Serve, endpoint: EndpointServer) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make("shop", maxConcurrentJobs=2)
    endpoint.script = hold
    worker = {"queue": "one", "endpoint": {"url": endpoint.url, "method": "POST"}, "opts": {"concurrency": 5}}
    await shop.call("POST", "/workers", worker)
    async with connect(f"{server.ws_url}/queues/two/process/5?token={shop.key}"):
        for queue in ("one", "two"):
            await shop.add(queue, 5)

        async def full() -> bool:
            found = await active(shop, "one", "two")
            assert found <= 2
            return found == 2

        await until(full)
        for _ in range(20):
            assert await full()


async def test_m12_a_new_queue_that_another_process_works_as_well(serve: Serve, endpoint: EndpointServer) -> None:
    settings = {"master_api_key": MASTER, "rate_limit_max_requests": 0}
    server, other = await serve(**settings), await serve(**settings)
    shop = await Operator(server).make("shop", maxConcurrentJobs=1)
    endpoint.script = hold
    worker = {"queue": "mail", "endpoint": {"url": endpoint.url, "method": "POST"}, "opts": {"concurrency": 5}}
    assert (await shop.call("POST", "/workers", worker)).status == 200
    await works(other, "mail")
    await shop.add("mail", 5)
    await endpoint.next()
    for _ in range(20):
        assert await active(shop, "mail") == 1


async def test_m12_a_busy_queue_leaves_places_to_others(serve: Serve, endpoint: EndpointServer) -> None:
    settings = {"master_api_key": MASTER, "rate_limit_max_requests": 0}
    server, other = await serve(**settings), await serve(**settings, workers=False)
    operator = Operator(server)
    shop = await operator.make("shop", maxConcurrentJobs=1)
    there = Program(other.port, shop.key, shop.application)
    endpoint.script = slowly
    await shop.add("busy", 1000)
    for queue in ("busy", "quiet"):
        await shop.add(queue)
        target = {"queue": queue, "endpoint": {"url": endpoint.url, "method": "POST"}}
        assert (await operator.call("POST", "/workers", target)).status == 200
    await until(lambda: _is_done(shop, "quiet"))
    await until(lambda: len(endpoint.seen) > 5)
    for _ in range(3):
        await shop.add("quiet")
        await until(lambda: _is_done(shop, "quiet"))
    await shop.add("leased")
    (lease,) = (await there.ok("POST", "/v1/queues/leased/leases", {"count": 1, "wait": 30}))["leases"]
    items = [{"id": lease["job"]["id"], "token": lease["token"]}]
    await there.ok("POST", "/v1/queues/leased/leases/complete", {"items": items})
    assert (await shop.ok("GET", "/v1/queues/busy/counts"))["waiting"] > 0


def slowly(call: EndpointCall) -> None:
    asyncio.get_running_loop().call_later(0.2, call.respond, response({"ok": True}))


async def _is_done(program: Program, queue: str) -> bool:
    counts = await program.ok("GET", f"/v1/queues/{queue}/counts")
    return not counts["waiting"] and not counts["active"]


async def test_m12_without_a_bound_there_is_none(serve: Serve) -> None:
    shop = await Operator(await serve(master_api_key=MASTER)).make()
    await shop.add("one", 5)
    assert len((await shop.ok("POST", "/v1/queues/one/leases", _LEASES))["leases"]) == 5


async def test_m12_jobs_an_hour(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make("shop", maxJobsPerHour=5)
    await shop.add("one", 3)
    refused = await shop.call("POST", "/v1/queues/two/jobs", [{"name": "n"}] * 3)
    assert refused.status == 429
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    await shop.submit("two")
    flow = {"name": "n", "queueName": "two"}
    await shop.ok("POST", "/v1/flows", flow)
    assert (await shop.call("POST", "/v1/flows", flow)).status == 429
    assert (await shop.call("POST", "/api/jobs", {"queue": "two", "data": {"n": 1}})).status == 429
    assert (await shop.call("POST", "/queues/two/jobs", [{"name": "n", "data": {}}])).status == 429
