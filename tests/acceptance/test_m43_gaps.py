"""Events that the engine dropped before anybody had read them: ends of jobs are told of, and the gap is counted."""

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer
from tests.acceptance.service import MASTER, Operator
from tests.acceptance.test_m51_metrics import samples, value

SETTINGS = {"master_api_key": MASTER, "rate_limit_max_requests": 0, "metrics_public": True}


async def test_m43_ends_of_jobs_whose_events_were_dropped(serve: Serve, endpoint: EndpointServer) -> None:
    following = await serve(**SETTINGS)
    operator = Operator(await serve(**SETTINGS, workers=False))
    await operator.ok("POST", "/v1/webhooks", {"url": endpoint.url, "events": ["job.completed", "job.failed"]})
    before = await _ended(operator, "completed")
    assert (await endpoint.next()).json()["data"]["jobId"] == before
    await until(lambda: _has_place(following))  # the call may come before it; without a place there is no gap
    await following.process.stop(0.1)

    missed = {(await _ended(operator, status), f"job.{status}") for status in ("completed", "failed", "completed")}
    assert (await operator.ok("POST", "/v1/queues/mail/trim-events", {"maxLength": 0}))["trimmed"] > 0
    last = (await _ended(operator, "failed"), "job.failed")

    again = await serve(**SETTINGS)
    told: list[tuple[str, str]] = []
    while missed - set(told) or last not in told:
        data = (await endpoint.next()).json()
        told.append((data["data"]["jobId"], data["event"]))
    assert set(told) - {(before, "job.completed")} == {*missed, last}
    assert len(told) == len(set(told))

    async def counted() -> bool:
        text = (await Operator(again).call("GET", "/metrics")).text
        return value(samples(text), "webhook_gaps_total", queue="mail") == 1

    await until(counted)


async def test_m43_nothing_is_counted_where_nothing_was_dropped(serve: Serve, endpoint: EndpointServer) -> None:
    following = await serve(**SETTINGS)
    operator = Operator(await serve(**SETTINGS, workers=False))
    await operator.ok("POST", "/v1/webhooks", {"url": endpoint.url, "events": ["job.completed"]})
    for restart in (True, False):
        for _ in range(3):
            await _ended(operator, "completed")
        if restart:
            await following.process.stop(0.1)
            following = await serve(**SETTINGS)
    heard: set[str] = set()
    while len(heard) < 6:  # one that was under way when its process stopped may come twice
        heard.add((await endpoint.next()).headers["webhook-id"])
    text = (await Operator(following).call("GET", "/metrics")).text
    assert value(samples(text), "webhook_gaps_total") == 0


async def _has_place(server: RunningServer) -> bool:
    return (await server.process._gate.subscribers.places.of("mail")).at > 0


async def _ended(operator: Operator, status: str) -> str:
    job_id = await operator.submit("mail")
    await operator.ok("PUT", f"/api/jobs/{job_id}", {"status": status})
    return job_id
