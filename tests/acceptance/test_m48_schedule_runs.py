"""What the answers of a schedule's endpoint mean; its jobs, which are like any; restarts."""

import time

from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, response
from tests.acceptance.scheduling import FAST, LATER, SOON, a_shop, an_operator, begin, counted, in_ms, jobs, make, shown
from tests.acceptance.service import MASTER, Operator, Program


async def test_m48_what_fails_with_500_is_tried_again(serve: Serve, endpoint: EndpointServer) -> None:
    answers = iter(["500 Internal Server Error", "503 Service Unavailable", "302 Found"])
    endpoint.script = lambda call: response(b"", next(answers))
    shop = await a_shop(serve)
    made = await make(shop, endpoint.url, schedule={"at": in_ms(LATER)}, retryPolicy=FAST)
    await begin(shop)
    calls = await endpoint.take(3)
    assert len({call.headers["x-job-id"] for call in calls}) == 1
    done = await counted(shop, made, 1)
    assert (done["lastExecutionStatus"], done["lastExecutionError"], done["executionCount"]) == ("success", None, 1)


async def test_m48_until_the_attempts_are_used_up(serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "500 Internal Server Error")
    shop = await a_shop(serve)
    exponential = {"attempts": 2, "backoff": {"type": "exponential", "delay": 10}}
    made = await make(shop, endpoint.url, schedule={"at": in_ms(LATER)}, retryPolicy=exponential)
    await begin(shop)
    await endpoint.take(2)
    done = await counted(shop, made, 1)
    assert (done["lastExecutionStatus"], done["enabled"]) == ("failed", False)
    assert done["lastExecutionError"] == "HTTP 500: Internal Server Error"
    assert endpoint.calls.empty()


async def test_m48_what_fails_with_404_is_not(serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "404 Not Found")
    shop = await a_shop(serve)
    made = await make(shop, endpoint.url, schedule={"at": in_ms(LATER)}, retryPolicy=FAST)
    await begin(shop)
    await endpoint.next()
    done = await counted(shop, made, 1)
    assert (done["lastExecutionStatus"], done["lastExecutionError"]) == ("failed", "HTTP 404: Not Found")
    assert done["lastExecutedAt"]
    assert endpoint.calls.empty()
    (job,) = await until(lambda: jobs(shop, "failed"))
    assert (await shop.ok("GET", f"/api/jobs/{job['id']}"))["job"]["error"] == "HTTP 404: Not Found"


async def test_m48_its_jobs_are_jobs_like_any(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await an_operator(serve)
    shop, bank = await operator.make("shop"), await operator.make("bank")
    subscription = {"name": "s", "endpoint": f"{endpoint.url}/told", "events": ["created", "completed"],
                    "filters": {"queues": ["corral-schedules"], "metadata": {"kind": "daily"}}}  # fmt: skip
    await shop.ok("POST", "/api/subscriptions", subscription)
    webhook = {"url": f"{endpoint.url}/hooked", "events": ["job.completed"]}
    await shop.ok("POST", "/api/webhooks", webhook)
    made = await make(shop, endpoint.url, schedule={"at": in_ms(LATER)}, metadata={"kind": "daily"})
    (waiting,) = (await shop.ok("GET", "/api/jobs?metadata.kind=daily"))["jobs"]
    assert (waiting["queue"], waiting["status"]) == ("corral-schedules", "delayed")
    assert waiting["data"]["scheduleId"] == made["id"]
    assert waiting["data"]["_applicationId"] == shop.application
    await begin(shop)
    calls = await endpoint.take(4)
    told = [call.json() for call in calls if call.target.endswith("/told")]
    assert [one["event"]["type"] for one in told] == ["created", "completed"]
    assert all(one["job"]["metadata"] == {"kind": "daily"} for one in told)
    (hooked,) = [call.json() for call in calls if call.target.endswith("/hooked")]
    assert hooked["data"]["application"]["id"] == shop.application
    assert [one["id"] for one in await jobs(shop, "completed")] == [waiting["id"]]
    assert (await shop.ok("GET", f"/api/jobs/{waiting['id']}"))["job"]["result"] == {"status": 200}
    assert (await bank.ok("GET", "/api/jobs"))["jobs"] == []
    assert (await bank.call("GET", f"/api/jobs/{waiting['id']}")).status == 403


async def test_m57_schedules_survive_a_restart(serve: Serve, endpoint: EndpointServer) -> None:
    server = await serve(master_api_key=MASTER)
    shop = await Operator(server).make()
    made = await make(shop, endpoint.url, schedule={"at": in_ms(SOON)})
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
    await server.process._gate.schedules.mend(int(time.time() * 1000) + 10_000)
    assert (await shown(shop, made))["nextExecutionAt"] == made["nextExecutionAt"]
