"""Does a page of jobs that are found by their metadata take under 20 ms among a million of them?"""

import asyncio
import itertools
import json
import random
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import asyncpg

from benchmarks.contest import Contestant, Question, Score
from benchmarks.postgres_stage import PostgresStage
from benchmarks.stage import TOKEN, Corral, Stage
from corral.model.job import NewJob
from corral.model.job_card import JobCard
from corral.store.store import Store
from corral.wiring.engine import engine_of
from corral.wiring.settings import Settings

_JOBS, _AT_ONCE = 1_000_000, 2_000
_CALLS = 100
_START = 1_780_000_000_000
_SEARCHES: dict[str, dict[str, Any]] = {
    "newest": {},
    "half": {"metadata": {"priority": "high"}},
    "1 of 1,000": {"metadata": {"customer": "c-77"}},
    "1 of 100,000": {"metadata": {"rare": True}},
    "three": {"metadata": {"priority": "high", "customer": "c-77", "kind": "b"}},
    "nothing": {"metadata": {"priority": "low", "customer": "c-77"}},
    "one of": {"metadata": {"customer": {"in": ["c-1", "c-2", "c-3"]}}},
    "range": {"metadata": {"n": {"gte": 500_000, "lt": 500_300}}},
    "prefix": {"metadata": {"customer": {"prefix": "c-7"}}},
    "state": {"metadata": {"kind": "c"}, "states": ["waiting"], "queues": ["mail"]},
}


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """For information: each figure is to stay under 20. The jobs are stored once."""
    filled: list[bool] = []

    def run(_: int) -> Score:
        if not filled:
            stage.clear()
            asyncio.run(_fill(stage))
            if isinstance(stage, PostgresStage):
                asyncio.run(_look_at(stage.url))
            filled.append(True)
        with stage.corral() as corral:
            return {f"{name} ms": _median(corral, search) for name, search in _SEARCHES.items()}

    return Question(f"index: milliseconds a page of {_JOBS:,} jobs", [Contestant("corral", run)], lower_is_better=True)


async def _fill(stage: Stage) -> None:
    on_postgres = isinstance(stage, PostgresStage)
    engine = engine_of(Settings(database_url=stage.url) if on_postgres else Settings(redis_url=stage.url))
    store = await engine.start()
    try:
        await store.ready(10)
        for cards in _batches():
            await _store(store, cards)
    finally:
        await engine.stop()


async def _look_at(url: str) -> None:
    """What the server does by itself within a minute."""
    session = await asyncpg.connect(url)
    await session.execute("ANALYZE")
    await session.close()


async def _store(store: Store, cards: list[JobCard]) -> None:
    await store.job_index.put(cards)
    jobs = [NewJob("n", b"{}", {"attempts": 0, "jobId": card.job_id}) for card in cards]
    await store.jobs.add("mail", jobs, cards[0].submitted_at)


def _batches() -> Iterator[list[JobCard]]:
    cards = (_card(number) for number in range(_JOBS))
    while batch := list(itertools.islice(cards, _AT_ONCE)):
        yield batch


def _card(number: int) -> JobCard:
    chance = random.Random(number)
    metadata = {
        "customer": f"c-{number % 1000}",
        "priority": "high" if number % 2 else "low",
        "kind": chance.choice("abcd"),
        "n": number,
        "rare": number % 100_000 == 7,
    }
    job_id = str(uuid.UUID(int=chance.getrandbits(128)))
    return JobCard("mail", job_id, f"app-{number % 10}", _START + number, metadata)


def _median(corral: Corral, search: dict[str, Any]) -> float:
    took = []
    for _ in range(_CALLS):
        begun = time.perf_counter()
        _ask(corral, search)
        took.append((time.perf_counter() - begun) * 1000)
    return sorted(took)[_CALLS // 2]


def _ask(corral: Corral, search: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url, body = f"http://127.0.0.1:{corral.port}/v1/jobs/search", json.dumps(search).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10).read()
