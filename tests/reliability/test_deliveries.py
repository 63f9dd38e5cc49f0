"""Messages reach a receiver that is hardly there, from servers that are killed: each at least once.

`CORRAL_DELIVERIES=10000` is the full size, which takes minutes.
"""

import asyncio
import os
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import pytest

from corral.testing.engines import RunningEngine
from corral.testing.postgres import RunningPostgres
from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.command import corral_serve
from tests.acceptance.endpoint import EndpointCall, EndpointServer, response
from tests.reliability.counting import CountingEndpoint

QUEUE = "orders"
EVENTS = ("job.created", "job.started", "job.completed")
MESSAGES = int(os.environ.get("CORRAL_DELIVERIES", "300"))
FULL_SIZE = "CORRAL_DELIVERIES" in os.environ
JOBS = -(-MESSAGES // len(EVENTS))
KILLS = 3
PATIENCE = 60 + MESSAGES / 20
VARIABLES = {
    "AUTH_TOKENS": TOKEN,
    "CORRAL_LOG_FORMAT": "json",
    "CORRAL_LOCK_DURATION": "2000",
    "CORRAL_STALLED_INTERVAL": "500",
    "RATE_LIMIT_MAX_REQUESTS": "0",
}


class Unsteady:
    """Fails three calls of ten: by an error, by a reset or by asking for patience; and `silent` of all by no answer."""

    def __init__(self, silent: int = 1) -> None:
        self._random = Random(6)
        self.calls: Counter[str] = Counter()
        self.accepted: Counter[tuple[str, str]] = Counter()
        self.order: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._silent = silent

    def __call__(self, call: EndpointCall) -> bytes | None:
        message, body = call.headers["webhook-id"], call.json()
        self.calls[message] += 1
        luck = self._random.random()
        if luck < 0.3:
            return self._fail(luck)
        self.accepted[body["data"]["jobId"], body["event"]] += 1
        self.order[body["data"]["jobId"]].append((body["event"], message))
        return response(b"")

    def _fail(self, luck: float) -> bytes | None:
        if luck < 0.004 and self._silent:
            self._silent -= 1
            return None
        if luck < 0.1:
            return b""
        if luck < 0.2:
            return response(b"", "429 Too Many Requests", Retry_After="1")
        return response(b"", "500 Internal Server Error")

    @property
    def again(self) -> int:
        """How many messages that were accepted came once more."""
        return self.accepted.total() - len(self.accepted)

    def disordered(self) -> list[str]:
        """Jobs of whose messages none was tried twice, and that were told of in another order."""
        found = []
        for job, told in self.order.items():
            steady = all(self.calls[message] == 1 for _, message in told)
            if steady and len(told) == len(EVENTS) and [event for event, _ in told] != list(EVENTS):
                found.append(job)
        return found


@pytest.mark.timeout(PATIENCE * 2 + 60)
async def test_each_message_arrives_from_servers_that_are_killed(
    tmp_path: Path, engine: RunningEngine, counting: CountingEndpoint
) -> None:
    await _kill_on_the_way(tmp_path, counting, REDIS_URL=engine.url)


@pytest.mark.timeout(PATIENCE * 2 + 60)
async def test_each_message_arrives_by_postgres(
    tmp_path: Path, durable: RunningPostgres, counting: CountingEndpoint
) -> None:
    await _kill_on_the_way(tmp_path, counting, DATABASE_URL=durable.create_migrated("deliveries"))


@pytest.mark.timeout(PATIENCE * 2 + 60)
async def test_each_message_arrives_beside_an_engine_that_is_killed(
    tmp_path: Path, engine: RunningEngine, counting: CountingEndpoint
) -> None:
    await _kill_the_engine(tmp_path, counting, engine, REDIS_URL=engine.url)


@pytest.mark.timeout(PATIENCE * 2 + 60)
async def test_each_message_arrives_beside_a_postgres_that_is_killed(
    tmp_path: Path, durable: RunningPostgres, counting: CountingEndpoint
) -> None:
    url = await asyncio.to_thread(durable.create_migrated, "deliveries")
    await _kill_the_engine(tmp_path, counting, durable, DATABASE_URL=url)


async def _kill_the_engine(
    folder: Path, counting: CountingEndpoint, engine: RunningEngine | RunningPostgres, **variables: str
) -> None:
    # A server that lives waits for an answer for the whole half minute that it promises.
    unsteady = Unsteady(silent=1 if FULL_SIZE else 0)
    async with EndpointServer(unsteady) as receiver, corral_serve(folder, **VARIABLES, **variables) as command:
        await _begin(Client(await command.port()), receiver, counting)
        for kill in range(KILLS):
            await _has_accepted(unsteady, MESSAGES * (kill + 1) // (KILLS + 1))
            await asyncio.to_thread(engine.kill)
            await asyncio.to_thread(engine.restart)
        await _has_accepted(unsteady, JOBS * len(EVENTS))
    _check(unsteady)


async def _kill_on_the_way(folder: Path, counting: CountingEndpoint, **engine: str) -> None:
    unsteady = Unsteady()
    async with EndpointServer(unsteady) as receiver:
        for kill in range(KILLS):
            async with corral_serve(folder, **VARIABLES, **engine) as command:
                port = await command.port()
                if kill == 0:
                    await _begin(Client(port), receiver, counting)
                await _has_accepted(unsteady, MESSAGES * (kill + 1) // (KILLS + 1))
                await command.end()
        async with corral_serve(folder, **VARIABLES, **engine) as command:
            await command.port()
            await _has_accepted(unsteady, JOBS * len(EVENTS))
    _check(unsteady)


async def _begin(client: Client, receiver: EndpointServer, counting: CountingEndpoint) -> None:
    retry = {"maxAttempts": 50, "backoffMultiplier": 1.1, "initialDelay": 20}
    hook = {"url": receiver.url, "events": list(EVENTS), "retryConfig": retry}
    assert (await client.call("POST", "/api/webhooks", hook)).status == 201
    for first in range(0, JOBS, 500):
        count = min(500, JOBS - first)
        await client.add(QUEUE, *({"name": "order", "data": {"n": n}} for n in range(count)))
    await client.register(QUEUE, counting.url, opts={"concurrency": 10, "maxStalledCount": KILLS + 1})


async def _has_accepted(unsteady: Unsteady, messages: int) -> None:
    await until(lambda: len(unsteady.accepted) >= messages, PATIENCE)


def _check(unsteady: Unsteady) -> None:
    print(f"{len(unsteady.accepted)} messages, {unsteady.calls.total()} calls; {unsteady.again} came once more")
    assert len(unsteady.accepted) == JOBS * len(EVENTS)
    assert unsteady.disordered() == []
