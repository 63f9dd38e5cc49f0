"""The hot statements look up what they need and no more, also where the statistics know nothing of the jobs yet."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from corral.model.job import JobOptions, NewJob
from corral.model.lease import Held
from corral.model.outcome import Completed, Failed, Outcome, Postponed
from corral.store.jobs import Claim, ClaimRequest, Finished
from corral.stores.postgres.database import Database
from corral.stores.postgres.jobs import PostgresJobs
from corral.stores.postgres.names import Names
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from tests.stores.postgres.conftest import Connect, Connection

NOW, QUEUE, BATCH = 1_795_000_000_000, "hot", 20
FINISHED, WAITING = 30_000, 10_000
MOST = {"job": 4 * BATCH, "event": 2 * WAITING, "job_group": 4 * BATCH, "group_job": 4 * BATCH}
"""Rows that one scan may touch; events beyond the most that are kept are all deleted at once."""
_WATCH = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_format = json;
SET client_min_messages = log;
"""
_FILL = f"""
INSERT INTO bullmq.job (queue, id, seq, name, state, opts, added_at_ms, finished_at_ms)
SELECT 'hot', n::text, nextval('bullmq.job_seq'), 'job', 'completed', '{{}}', {NOW} + n, {NOW} + n
FROM generate_series(1000000, 1000000 + {FINISHED}) AS n;
INSERT INTO bullmq.job (queue, id, seq, name, state, opts, added_at_ms)
SELECT 'hot', n::text, nextval('bullmq.job_seq'), 'job', 'waiting', '{{"attempts":0}}', {NOW} + n
FROM generate_series(2000000, 2000000 + {WAITING}) AS n;
INSERT INTO bullmq.job (queue, id, seq, name, state, opts, added_at_ms, process_at_ms)
SELECT 'hot', n::text, nextval('bullmq.job_seq'), 'job', 'delayed', '{{}}', {NOW} + n, {NOW} + 1000000 + n
FROM generate_series(3000000, 3000000 + {WAITING}) AS n;
INSERT INTO bullmq.event (queue, event, created_at_ms) SELECT 'hot', 'e', n FROM generate_series(1, {WAITING}) AS n;
"""


class OneSession(Database):
    """Runs every statement on the session of the test."""

    session: Connection

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Connection]:
        yield self.session


class Watched:
    """The data path on one session, every plan of which is written down."""

    def __init__(self, store: PostgresStore, session: Connection) -> None:
        database = OneSession(Schema.named())
        database.session = session
        self.jobs = PostgresJobs(database, Names("bull"), store.listener, store.waiting, metrics_points=10)
        self.plans: list[dict[str, Any]] = []
        self.turn = 0
        self.session = session
        session.add_log_listener(lambda _, message: self._heard(str(message.message)))

    def _heard(self, message: str) -> None:
        head, found, plan = message.partition("plan:\n")
        if found and head.startswith("duration:"):
            self.plans.append(json.loads(plan))

    async def everything(self) -> None:
        """One batch all the way, with every kind of end."""
        self.turn += 1
        now = NOW + self.turn
        some: JobOptions = {"attempts": 2, "removeOnComplete": {"count": 10**6, "age": 10**6}}
        extra = [NewJob("job", b"1", {**some, "jobId": f"{self.turn}-{i}", "delay": i % 2}) for i in range(BATCH)]
        await self.jobs.add(QUEUE, [NewJob("job", b"1", some) for _ in range(BATCH)], now)
        await self.jobs.add(QUEUE, extra, now)
        first: JobOptions = {"attempts": 2, "lifo": True}
        groups = [NewJob("job", b"1", {**first, "group": {"id": f"{self.turn}-{i // 2}"}}) for i in range(BATCH)]
        await self.jobs.add(QUEUE, groups, now)
        claim = await self.jobs.claim(QUEUE, self._request(), now + 10)
        held = claim.jobs
        outcomes: list[Outcome] = [Completed(b"1"), Failed("no"), Failed("no", unrecoverable=True), Postponed(10**9)]
        ended = [Finished(one, outcomes[i % 4], i % 8 == 0 or None) for i, one in enumerate(held[2:])]
        problems, found = await self.jobs.finish(QUEUE, ended, self._request(), now + 10)
        assert problems == [None] * len(ended)
        assert isinstance(found, Claim)
        await self.jobs.renew(QUEUE, [Held(one.job.id, one.token) for one in held[:2]], 1000)
        await self.jobs.rescue(QUEUE, 1, 1, now)
        rest = [Finished(one, Completed(b"1")) for one in (*held[:2], *found.jobs)]
        assert await self.jobs.finish(QUEUE, rest, None, now + 10) == ([None] * len(rest), None)

    def _request(self) -> ClaimRequest:
        return ClaimRequest(BATCH, f"w{self.turn}", 0, 1, (10**6, 1000))


@pytest.fixture
async def watched(store: PostgresStore, connect: Connect) -> AsyncIterator[Watched]:
    """On tables that were looked at while they were empty, and by a session that keeps the plans it made for them;
    then come the jobs, all at once."""
    session = await connect()
    watched = Watched(store, session)
    await session.execute("ALTER TABLE bullmq.job SET (autovacuum_enabled = off)")
    await session.execute("ANALYZE bullmq.job, bullmq.event, bullmq.job_dependency")
    await session.execute("ANALYZE bullmq_corral.job_group, bullmq_corral.group_job")
    for _ in range(8):  # Postgres keeps a plan after five
        await watched.everything()
    await session.execute(_FILL)
    yield watched
    await session.execute("RESET client_min_messages; ALTER TABLE bullmq.job RESET (autovacuum_enabled)")


async def test_rows_are_found_by_an_index_and_no_more_than_needed(watched: Watched, connect: Connect) -> None:
    await watched.jobs.add(QUEUE, [NewJob("job", b"1", {"attempts": 0})], NOW)
    await watched.session.execute(_WATCH)
    await watched.everything()
    scans = [scan for plan in watched.plans for scan in _scans(plan["Plan"])]
    assert {scan["Relation Name"] for scan in scans} >= {"job", "event", "job_group", "group_job"}
    for plan in watched.plans:
        for scan in _scans(plan["Plan"]):
            words = f"{plan['Query Text']}\n{json.dumps(scan, indent=1)}"
            assert scan["Node Type"] != "Seq Scan", words
            touched = scan.get("Actual Rows", 0) + scan.get("Rows Removed by Filter", 0)
            assert touched * scan.get("Actual Loops", 1) <= MOST[scan["Relation Name"]], words


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a plan that read one of the large tables."""
    if node.get("Relation Name") in MOST and "Scan" in node["Node Type"]:
        yield {key: value for key, value in node.items() if key != "Plans"}
    for part in node.get("Plans", ()):
        yield from _scans(part)
