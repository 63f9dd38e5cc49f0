"""What is left of an application that was deleted: jobs, but nothing that fires."""

from collections.abc import Awaitable, Callable

from corral.lifecycle.ownership import DELIVERIES
from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.service import MASTER, Operator, Program

_RETRY = {"maxAttempts": 10, "initialDelay": 10, "backoffMultiplier": 1}


async def _with_receivers(operator: Operator, url: str) -> Program:
    """An application that hears of everything in every way."""
    shop = await operator.make()
    await shop.ok("POST", "/v1/webhooks", {"url": f"{url}/webhook", "events": ["job.started"], "retryConfig": _RETRY})
    subscription = {"name": "mine", "endpoint": f"{url}/subscription", "events": ["started", "completed"]}
    await shop.ok("POST", "/v1/subscriptions", subscription | {"retryConfig": {"maxAttempts": 10, "backoffMs": 10}})
    await shop.ok("PUT", "/v1/queues/mail/schedulers/hourly", {"repeat": {"every": 3_600_000}, "template": {}})
    return shop


async def test_m09_a_deleted_application_leaves_nothing_that_fires(serve: Serve, endpoint: EndpointServer) -> None:
    server = await serve(master_api_key=MASTER, rate_limit_max_requests=0)
    operator, store = Operator(server), server.process.engine.store
    shop = await _with_receivers(operator, endpoint.url)
    endpoint.script = hold
    job = await shop.submit("mail", webhooks={"*": f"{endpoint.url}/own"})
    await shop.ok("PUT", f"/api/jobs/{job}", {"status": "started"})
    first = await endpoint.next()

    async def waiting() -> int:
        groups, _ = await store.groups.page(DELIVERIES, None, 100)
        delayed = (await store.queues.counts(DELIVERIES, ["delayed"]))["delayed"]
        return delayed + sum(group.running + group.waiting for group in groups)

    await until(lambda: _is(waiting, 3))

    await operator.ok("DELETE", f"/api/applications/{shop.application}")
    for kind in ("webhooks", "subscriptions", "signing-secrets"):
        assert (await store.records.all(kind))[1] == {}, kind
    assert (await operator.ok("GET", "/v1/queues/mail/scheduler-count"))["count"] == 0

    first.respond(response(b"", "503 Service Unavailable"))
    await operator.ok("POST", "/v1/webhooks", {"url": f"{endpoint.url}/operator", "events": ["job.completed"]})
    await operator.ok("PUT", f"/api/jobs/{job}", {"status": "completed"})
    last = await endpoint.next()
    assert last.target == "/job/operator"
    last.respond(response({"ok": True}))
    await until(lambda: _is(waiting, 0))
    assert endpoint.calls.empty()


async def _is(ask: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await ask() == wanted


async def test_m09_receivers_that_another_process_has_made_a_moment_ago(serve: Serve, endpoint: EndpointServer) -> None:
    """Either process may be the one that calls; the second begins about a second after the first receiver is there."""
    operator = Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))
    await operator.ok("POST", "/v1/webhooks", {"url": endpoint.url, "events": ["job.failed"]})
    await serve(master_api_key=MASTER, rate_limit_max_requests=0)
    for _ in range(80):
        shop = await operator.make()
        body = {"name": "mine", "endpoint": endpoint.url, "events": ["started"]}
        made = (await shop.ok("POST", "/api/subscriptions", body))["subscription"]
        sent = await shop.ok("POST", f"/api/subscriptions/{made['id']}/test")
        assert (await endpoint.next()).json()["job"]["id"] == sent["testEvent"]["jobId"]
