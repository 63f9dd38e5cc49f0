"""How the jobs of schedules are run."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from corral.delivery.guarded import GuardedClient
from corral.delivery.schedule_calls import ScheduleCalls
from corral.lifecycle.schedules import Schedules, job_data
from corral.model.job import ClaimedJob, NewJob
from corral.model.outcome import Completed, Failed, Outcome
from corral.model.schedule import Schedule, ScheduledEndpoint
from corral.policy.targets import LOOPBACK, allowed_of
from corral.store.jobs import ClaimRequest
from corral.stores.redis.store import RedisStore
from tests.acceptance.endpoint import EndpointServer, response
from tests.lifecycle.schedules import NOW, known_schedules, schedule


class Bench:
    """Runs jobs as a worker of schedules does."""

    def __init__(self, store: RedisStore, queue: str, known: Schedules, client: GuardedClient) -> None:
        self.store, self.queue, self.known = store, queue, known
        self.calls = ScheduleCalls(store, known, client, lambda: NOW)

    async def put(self, **more: Any) -> Schedule:
        made = schedule(self.queue, self.queue, **more)
        await self.known.add(made)
        await self.known.arrange(self.store, made, 0, NOW)
        return made

    async def run(self, data: bytes, **opts: Any) -> Outcome:
        return await self.calls.run(self.queue, await self.claimed(data, **opts))

    async def claimed(self, data: bytes, **opts: Any) -> ClaimedJob:
        await self.store.jobs.add(self.queue, [NewJob("n", data, opts)], NOW)
        request = ClaimRequest(count=1, owner="w", serial=0, lock_ms=30_000)
        (claimed,) = (await self.store.jobs.claim(self.queue, request, NOW)).jobs
        return claimed


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointServer]:
    async with EndpointServer(lambda call: response(b"ok")) as server:
        yield server


@pytest.fixture
async def bench(store: RedisStore, queue: str) -> AsyncIterator[Bench]:
    client = GuardedClient(allowed_of(LOOPBACK))
    yield Bench(store, queue, await known_schedules(store, queue), client)
    await client.close()


def at(endpoint: EndpointServer, **more: Any) -> ScheduledEndpoint:
    return ScheduledEndpoint(endpoint.url, "POST", **more)


async def test_what_is_sent(bench: Bench, endpoint: EndpointServer) -> None:
    made = await bench.put(endpoint=at(endpoint, body="text", headers={"content-type": "text/plain", "A": "b"}))
    assert await bench.run(job_data(made)) == Completed(b'{"status":200}')
    call = await endpoint.next()
    assert (call.method, call.body) == ("POST", b"text")
    assert (call.headers["content-type"], call.headers["a"]) == ("text/plain", "b")
    assert call.headers["x-schedule-id"] == made.id
    (card,) = await bench.store.job_index.cards([(bench.queue, call.headers["x-job-id"])])
    assert card is not None
    assert (await bench.known.executions.of(made.id)).count == 1


@pytest.mark.parametrize(
    ("status", "attempts", "outcome", "count"),
    [
        ("399 Odd", 3, Completed(b'{"status":399}'), 1),
        ("400 Bad Request", 3, Failed("HTTP 400: Bad Request", unrecoverable=True), 1),
        ("500 Oh", 3, Failed("HTTP 500: Oh"), 0),
        ("500 Oh", 1, Failed("HTTP 500: Oh", unrecoverable=True), 1),
    ],
)
async def test_what_answers_mean(
    bench: Bench, endpoint: EndpointServer, status: str, attempts: int, outcome: Outcome, count: int
) -> None:
    endpoint.script = lambda call: response(b"", status)
    made = await bench.put(endpoint=at(endpoint))
    assert await bench.run(job_data(made), attempts=attempts) == outcome
    assert (await bench.known.executions.of(made.id)).count == count


async def test_an_address_inside_is_refused_for_good(bench: Bench) -> None:
    made = await bench.put(endpoint=ScheduledEndpoint("http://10.0.0.1/", "GET"))
    outcome = await bench.run(job_data(made), attempts=3)
    assert isinstance(outcome, Failed)
    assert outcome.unrecoverable


async def test_nobody_answers(bench: Bench) -> None:
    made = await bench.put(endpoint=ScheduledEndpoint("http://127.0.0.1:1/", "GET"))
    outcome = await bench.run(job_data(made), attempts=3)
    assert isinstance(outcome, Failed)
    assert not outcome.unrecoverable
    assert (await bench.known.executions.of(made.id)).error


async def test_nothing_is_called_for_a_schedule_that_is_off(bench: Bench, endpoint: EndpointServer) -> None:
    made = await bench.put(endpoint=at(endpoint))
    await bench.known.change(made.id, lambda found: msgspec.structs.replace(found, enabled=False))
    claimed = await bench.claimed(job_data(made))
    made_by = msgspec.structs.replace(claimed, job=msgspec.structs.replace(claimed.job, repeat_job_key=made.id))
    assert isinstance(await bench.calls.run(bench.queue, made_by), Completed)
    assert await bench.store.schedulers.get(bench.queue, made.id) is None
    assert endpoint.seen == []
    await bench.known.change(made.id, lambda found: msgspec.structs.replace(found, over=True))
    assert await bench.calls.run(bench.queue, made_by) == Completed(b'{"status":200}')


@pytest.mark.parametrize("data", [b"5", b"null", b'{"scheduleId": 5}', b'{"scheduleId": "none"}', b"[]"])
async def test_what_somebody_else_has_put_there(bench: Bench, data: bytes) -> None:
    assert isinstance(await bench.run(data), Completed)


async def test_a_schedule_is_not_run_from_the_queue_of_another(bench: Bench, endpoint: EndpointServer) -> None:
    foreign = schedule("another", f"{bench.queue}-another", endpoint=at(endpoint))
    await bench.known.add(foreign)
    assert isinstance(await bench.run(job_data(foreign)), Completed)
    assert endpoint.seen == []
    await bench.known.remove(bench.store, foreign)
