"""Metrics: every name of the original is live, and counted once however many processes there are."""

import re
from collections.abc import Callable
from typing import Any

import aiohttp

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer
from tests.acceptance.service import MASTER, Operator, Program

_LINE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scrape(server: RunningServer) -> Samples:
    """What Prometheus reads on the port of the metrics."""
    url = f"http://127.0.0.1:{server.process.measuring.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        assert reply.status == 200
        assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
        return samples(await reply.text())


def samples(text: str) -> Samples:
    """Every line must be in the format, each family once."""
    found: Samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"^# (HELP|TYPE) [a-z_]+ ", line), line
            continue
        match = _LINE.match(line)
        assert match, line
        key = (match["name"], frozenset(_LABEL.findall(match["labels"] or "")))
        assert key not in found, line
        found[key] = float(match["value"])
    return found


def value(found: Samples, name: str, **labels: str) -> float:
    """The sum of the lines that have these labels among theirs."""
    return sum(number for (one, has), number in found.items() if one == name and has >= set(labels.items()))


async def scraped(server: RunningServer, fits: Callable[[Samples], bool]) -> Samples:
    """What is read as soon as it fits: other processes tell what they have counted every two seconds."""
    found: Samples = {}

    async def look() -> bool:
        nonlocal found
        found = await scrape(server)
        return fits(found)

    await until(look)
    return found


async def both(serve: Serve) -> tuple[RunningServer, RunningServer]:
    settings: dict[str, Any] = {"master_api_key": MASTER, "prometheus": True, "metrics_port": 0}
    return await serve(**settings), await serve(**settings)


async def work(program: Program, queue: str, *ends: str) -> None:
    """Submit a job for each way to end, and let it end so."""
    for end in ends:
        job = await program.submit(queue)
        await program.ok("PUT", f"/api/jobs/{job}", {"status": "started"})
        await program.ok("PUT", f"/api/jobs/{job}", {"status": end})


async def test_m51_jobs_over_two_processes(serve: Serve) -> None:
    one, two = await both(serve)
    shop = await Operator(one).make("shop")
    there = Program(two.port, shop.key, shop.application)
    await work(shop, "mail", "completed", "failed")
    await work(there, "mail", "completed")
    await there.submit("mail")
    own = {"queue": "mail", "application": shop.application}

    def told(found: Samples) -> bool:
        names = ("queue_job_duration_seconds_count", "queue_jobs_submitted_total")
        posted = value(found, "http_request_duration_seconds_count", route="/api/jobs", method="POST")
        return [*(value(found, name, **own) for name in names), posted] == [3, 4, 4]

    for server in (one, two, one):
        found = await scraped(server, told)
        assert value(found, "queue_jobs_completed_total", **own, status="completed") == 2
        assert value(found, "queue_jobs_completed_total", **own, status="failed") == 1
        assert value(found, "queue_job_duration_seconds_bucket", **own, le="+Inf") == 3
        assert value(found, "queue_job_duration_seconds_bucket", **own, le="300") == 3
        assert value(found, "queue_job_wait_seconds_count", **own) == 3
        assert value(found, "queue_size", queue="mail", state="waiting") == 1
        assert value(found, "queue_size", queue="mail", state="completed") == 2
        assert value(found, "queue_oldest_waiting_job_seconds", queue="mail") > 0


async def test_m51_workers_and_endpoints(serve: Serve, endpoint: EndpointServer) -> None:
    one, two = await both(serve)
    client = Client(one.port)
    worker = {"queue": "calls", "endpoint": {"url": endpoint.url, "method": "POST"}}
    await client.call("POST", "/workers", worker)
    await client.call("POST", "/queues/calls/jobs", [{"name": "n", "data": {}}] * 3)

    def told(found: Samples) -> bool:
        added = value(found, "queue_jobs_submitted_total", queue="calls", application="master")
        return (added, value(found, "queue_endpoint_call_seconds_count", queue="calls")) == (3, 3)

    await scraped(two, told)
    found = await scraped(two, lambda found: value(found, "queue_active_workers", queue="calls") >= 1)
    assert value(found, "queue_service_engine_up") == 1
    assert value(found, "queue_service_process_resident_memory_bytes") > 1_000_000
    assert value(found, "queue_service_process_cpu_seconds_total") > 0


async def test_m51_deliveries(serve: Serve, endpoint: EndpointServer) -> None:
    one, two = await both(serve)
    shop = await Operator(one).make("shop")
    hook = {"url": endpoint.url, "events": ["job.completed"]}
    await shop.ok("POST", "/api/webhooks", hook)
    await work(shop, "mail", "completed")
    own = {"application": shop.application, "status": "success"}
    found = await scraped(two, lambda found: value(found, "webhook_deliveries_total", **own) == 1)
    assert value(found, "webhook_deliveries_total", **own, event="job.completed") == 1
    assert value(found, "webhook_attempts_total", **own, event="job.completed", attempt="1") == 1
    assert value(found, "queue_webhook_calls_total", **own) == 1
    assert value(found, "webhook_call_seconds_count", **own) == 1


async def test_m51_the_port_is_there_only_when_asked_for(serve: Serve) -> None:
    assert (await serve()).process.measuring.port is None


async def test_m51_on_the_port_of_the_server(serve: Serve) -> None:
    closed, open_ = await serve(master_api_key=MASTER), await serve(metrics_public=True)
    shop = await Operator(closed).make("shop")

    async def status(server: RunningServer, token: str | None) -> int:
        return (await Client(server.port, token).call("GET", "/metrics")).status

    assert await status(closed, None) == 401
    assert await status(closed, shop.key) == 403
    assert await status(closed, MASTER) == 200
    assert await status(open_, None) == 200


async def test_m51_hostile_names(serve: Serve) -> None:
    (one, _), name = await both(serve), 'a"b\\c'
    client = Client(one.port)
    await client.call("POST", "/queues/a%22b%5Cc/jobs", [{"name": "n", "data": {}}])
    found = await scrape(one)
    assert value(found, "queue_jobs_submitted_total", queue='a\\"b\\\\c') == 1, name


async def test_m51_what_was_counted_of_a_queue_goes_with_it(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER, prometheus=True, metrics_port=0)
    operator = Operator(server)
    for queue in ("mail", "stays"):
        await operator.submit(queue)
    counted = await scraped(server, lambda found: value(found, "queue_jobs_submitted_total") == 2)
    assert value(counted, "queue_jobs_submitted_total", queue="mail") == 1
    await operator.submit("mail")
    await operator.ok("POST", "/v1/queues/mail/pause")
    await operator.ok("POST", "/v1/queues/mail/obliterate", {})
    found = await scrape(server)
    assert not [labels for _, labels in found if ("queue", "mail") in labels]
    assert value(found, "queue_jobs_submitted_total", queue="stays") == 1
