"""corral's own functions leave exactly the rows that BullMQ's functions leave."""

import itertools
import json
from typing import Any

import pytest

from corral.model.job import ClaimedJob, NewJob
from corral.model.outcome import Completed, Failed, Outcome, Postponed
from corral.store.jobs import ClaimRequest, Finished
from corral.stores.postgres.store import PostgresStore
from tests.stores.postgres.conftest import Connect, Connection

NOW, LOCK_MS, POINTS = 1_795_000_000_000, 60_000, 1440
OURS, THEIRS = "ours", "theirs"
SEARCH_PATH = "SET search_path TO bullmq"


class Twins:
    """Two queues that get the same jobs: one moved by corral, the other by BullMQ's functions."""

    def __init__(self, store: PostgresStore, session: Connection) -> None:
        self.jobs = store.jobs
        self.session = session
        self.serial = itertools.count()

    async def add_both(self, *opts: dict[str, Any]) -> None:
        """Ours in one call, theirs one by one."""
        jobs = [NewJob(f"job {i}", b'{"n":%d}' % i, {"attempts": 0, **one}) for i, one in enumerate(opts)]
        ids = await self.jobs.add(OURS, jobs, NOW)
        assert ids == [await self._their_add(job) for job in jobs]

    async def _their_add(self, job: NewJob) -> str:
        opts = job.opts
        found: str = await self.session.fetchval(
            "SELECT add_job($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7, $8, $9, "
            "NULL, NULL, NULL, NULL, NULL, $10)",
            THEIRS, opts.get("jobId", ""), job.name, job.data.decode(), json.dumps(opts), opts.get("priority", 0),
            opts.get("delay", 0), opts.get("timestamp", NOW), opts["attempts"], opts.get("lifo", False),
        )  # fmt: skip
        return found

    async def set_both(self, **fields: object) -> None:
        for queue, (field, value) in itertools.product((OURS, THEIRS), fields.items()):
            await self.session.execute("INSERT INTO meta VALUES ($1, $2, $3)", queue, field, str(value))

    async def claim_both(self, count: int, now: int = NOW, limiter: tuple[int, int] | None = None) -> list[ClaimedJob]:
        request = ClaimRequest(count, "w", next(self.serial) * 100, LOCK_MS, limiter, "worker")
        claim = await self.jobs.claim(OURS, request, now)
        for i in range(count):
            token = f"w:{request.serial + i}"
            await self.session.execute(
                "SELECT move_to_active($1, $2, $3, $4, 'worker', $5, $6)",
                THEIRS, token, LOCK_MS, now, *(limiter or (None, None)),
            )  # fmt: skip
        return claim.jobs

    async def end_both(self, *ends: tuple[ClaimedJob, Outcome], keep: Any = None, now: int = NOW) -> None:
        finished = [Finished(held, outcome, keep, keep) for held, outcome in ends]
        assert await self.jobs.finish(OURS, finished, None, now) == ([None] * len(ends), None)
        for held, outcome in ends:
            await self._their_end(held, outcome, keep, now)

    async def _their_end(self, held: ClaimedJob, outcome: Outcome, keep: Any, now: int) -> None:
        job_id, token, opts = held.job.id, held.token, held.job.opts
        rule = keep if isinstance(keep, dict) else {}
        kept = (keep is True, rule.get("age"), rule.get("count"))
        if isinstance(outcome, Completed):
            value = outcome.returnvalue.decode()
            statement = "SELECT move_to_completed($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8)"
            await self.session.execute(statement, THEIRS, job_id, token, value, now, *kept)
            await self.session.execute("SELECT collect_metrics($1, 'completed', $2, $3)", THEIRS, POINTS, now)
        elif isinstance(outcome, Postponed):
            statement = "SELECT move_to_delayed($1, $2, $3, $4, $5, true, NULL, NULL)"
            await self.session.execute(statement, THEIRS, job_id, token, now + outcome.delay, outcome.delay)
        elif isinstance(outcome, Failed):
            told = (outcome.reason, json.dumps([*(held.job.stacktrace or ()), outcome.stacktrace]))
            if held.job.attempts_made + 1 >= opts["attempts"]:
                statement = "SELECT move_to_failed($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9)"
                await self.session.execute(statement, THEIRS, job_id, token, *told, now, *kept)
                await self.session.execute("SELECT collect_metrics($1, 'failed', $2, $3)", THEIRS, POINTS, now)
            elif "backoff" in opts:
                statement = "SELECT move_to_delayed($1, $2, $3, $4, $5, false, $6, $7::text::jsonb)"
                delay = opts["backoff"]["delay"]
                await self.session.execute(statement, THEIRS, job_id, token, now + delay, delay, *told)
            else:
                statement = "SELECT retry_job($1, $2, $3, $4, $5, $6::text::jsonb)"
                await self.session.execute(statement, THEIRS, job_id, token, opts.get("lifo", False), *told)

    async def assert_alike(self) -> None:
        ours, theirs = await self._dump(OURS), await self._dump(THEIRS)
        for table, rows in ours.items():
            assert rows == theirs[table], table
        assert ours["event"], "the comparison must not be of nothing"

    async def _dump(self, queue: str) -> dict[str, list[Any]]:
        """Every row. Sequences are one for all queues, so what came from them counts by its order; events of one
        kind keep their order, as corral writes those of a batch together."""
        found: dict[str, list[Any]] = {
            table: [dict(row) for row in await self.session.fetch(f"SELECT * FROM {table} WHERE queue = $1", queue)]
            for table in ("job", "event", "meta", "metrics", "rate_limit")
        }
        places = {seq: place for place, seq in enumerate(sorted(row["seq"] for row in found["job"]))}
        for row in found["job"]:
            row["seq"] = places[row["seq"]]
        found["job"].sort(key=lambda row: row["seq"])
        found["event"].sort(key=lambda row: (row["event"], row["id"]))
        for row in itertools.chain(*found.values()):
            row.pop("queue")
        found["event"] = [(row["event"], row["data"]) for row in found["event"]]
        found["meta"] = [row for row in found["meta"] if row["field"] not in {"opts.maxLenEvents", "version"}]
        return found


@pytest.fixture
async def twins(store: PostgresStore, connect: Connect) -> Twins:
    session = await connect()
    await session.execute(SEARCH_PATH)
    return Twins(store, session)


JOBS: tuple[dict[str, Any], ...] = (
    {},
    {"attempts": 3},
    {"attempts": 5, "backoff": {"type": "fixed", "delay": 1000}},
    {"priority": 3},
    {"delay": 700},
    {"priority": 1, "delay": 500, "timestamp": NOW - 100},
    {"lifo": True},
    {"jobId": "mine", "keepLogs": 5},
    {"timestamp": NOW - 5000, "removeOnFail": {"age": 5}},
)


async def test_add(twins: Twins) -> None:
    await twins.add_both(*JOBS)
    await twins.add_both({"jobId": "mine"})
    await twins.add_both({}, {"jobId": "new"}, {"jobId": "new", "priority": 1}, {"jobId": "mine"}, {"delay": 1})
    for opts in JOBS:
        if "jobId" not in opts:
            await twins.add_both(opts)
    await twins.assert_alike()


@pytest.mark.parametrize("meta", [{}, {"paused": 1}, {"concurrency": 2}, {"max": 3, "duration": 500}], ids=str)
@pytest.mark.parametrize("count", [1, 4, 20])
async def test_claim(twins: Twins, meta: dict[str, Any], count: int) -> None:
    await twins.add_both(*JOBS)
    await twins.set_both(**meta)
    for now in (NOW, NOW + 600, NOW + 700):
        await twins.claim_both(count, now)
    await twins.assert_alike()


async def test_claim_under_a_limit_of_the_worker(twins: Twins) -> None:
    await twins.add_both(*JOBS)
    for now in (NOW, NOW + 499, NOW + 500):
        await twins.claim_both(3, now, limiter=(4, 500))
    await twins.assert_alike()


@pytest.mark.parametrize("keep", [None, True, {"count": 3}, {"age": 1}, {"age": 1, "count": 1}], ids=str)
async def test_complete(twins: Twins, keep: Any) -> None:
    await twins.add_both(*({} for _ in range(9)))
    held = await twins.claim_both(9)
    values = [b"null", b'{"b":1,"a":[1.0,"\xc3\xa4"]}', b'"x"', b"1e2"]
    for i, batch in enumerate((held[:1], held[1:3], held[3:7], held[7:])):
        ends = [(one, Completed(values[i])) for one in batch]
        await twins.end_both(*ends, keep=keep, now=NOW + i * 40_000)
    await twins.assert_alike()


@pytest.mark.parametrize("keep", [None, True, {"count": 1}], ids=str)
async def test_fail(twins: Twins, keep: Any) -> None:
    await twins.add_both({}, {"attempts": 1}, {})
    held = await twins.claim_both(3)
    await twins.end_both(*((one, Failed(f"no {one.job.id}", "at 1")) for one in held[:2]), keep=keep)
    await twins.end_both((held[2], Failed("no", "at 2")), keep=keep, now=NOW + 60_000)
    await twins.assert_alike()


async def test_attempts(twins: Twins) -> None:
    await twins.add_both({"attempts": 2}, {"attempts": 2, "lifo": True}, {"attempts": 2, "priority": 4}, JOBS[2], {})
    for now in (NOW, NOW + 5000):
        held = await twins.claim_both(9, now)
        await twins.end_both(*((one, Failed("no", f"at {now}")) for one in held[:-1]), now=now)
        await twins.end_both((held[-1], Postponed(2500)), now=now)
        await twins.assert_alike()


async def test_rescue(twins: Twins) -> None:
    await twins.add_both(*({} for _ in range(4)))
    await twins.claim_both(2)
    for passing, most in enumerate((1, 1, 0, 0, 1)):
        now = NOW + passing * 100_000
        await twins.jobs.rescue(OURS, most, 50_000, now)
        await twins.session.execute("SELECT move_stalled_jobs_to_wait($1, $2, $3, 50000)", THEIRS, most, now)
        await twins.assert_alike()
        await twins.claim_both(1, now)
    await twins.assert_alike()
