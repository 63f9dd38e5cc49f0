"""corral's set-based scripts leave exactly the data and events that BullMQ's own scripts leave."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from redis import Redis

from corral.model.job import ClaimedJob, NewJob
from corral.model.outcome import Completed, Failed
from corral.store.jobs import ClaimRequest, Finished
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection
from corral.stores.redis.jobs import RedisJobs
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import load_scripts, run
from corral.stores.redis.scripts import official
from tests.stores.redis.dumps import dump
from tests.stores.redis.engine import Engine

NOW = 1_795_000_000_000
LOCK_MS = 60_000
OURS, THEIRS = "ours", "theirs"
_pack = msgspec.msgpack.encode
Each = Callable[[str], RedisJobs]


class Twins:
    """Two queues that get the same jobs: one moved by corral's scripts, the other by BullMQ's."""

    def __init__(self, connection: Connection, address: Address, client: Redis) -> None:
        self.connection = connection
        self.address = address
        self.keys = KeyCache("bull", 10)
        self.client = client
        self.collect(0)

    def collect(self, points: int) -> None:
        """From now on both count what ends, for so many minutes."""
        self.points = points
        self.jobs = RedisJobs(self.connection, self.keys, self.address, metrics_points=points)

    async def add(self, *opts: dict[str, Any]) -> None:
        for queue in (OURS, THEIRS):
            for number, one in enumerate(opts):
                await self.jobs.add(queue, [new_job(number, one)], NOW)

    def set_meta(self, **fields: str | int) -> None:
        for queue in (OURS, THEIRS):
            for name, value in fields.items():
                self.client.hset(f"bull:{queue}:meta", name, value)

    async def claim_both(self, count: int, limiter: tuple[int, int] | None = None) -> list[ClaimedJob]:
        request = ClaimRequest(count=count, owner="w", serial=0, lock_ms=LOCK_MS, limiter=limiter)
        claim = await self.jobs.claim(OURS, request, NOW)
        await self._their_claims(count, limiter)
        return claim.jobs

    async def _their_claims(self, count: int, limiter: tuple[int, int] | None) -> None:
        keys = self.keys.of(THEIRS)
        names = keys.many(
            "wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta", "pc", "marker"
        )
        for i in range(count):
            opts: dict[str, Any] = {"token": f"w:{i}", "lockDuration": LOCK_MS}
            if limiter:
                opts["limiter"] = {"max": limiter[0], "duration": limiter[1]}
            reply = await run(self.connection, official("moveToActive"), names, keys.base, NOW, _pack(opts))
            if not reply[0]:
                break

    async def finish_both(self, held: list[ClaimedJob], keep: int, now: int = NOW) -> list[Exception | None]:
        keep_completed = True if keep == 0 else None
        ended = [Finished(one, Completed(b'{"ok":1}'), keep_completed=keep_completed) for one in held]
        results, _ = await self.jobs.finish(OURS, ended, None, now)
        for one in held:
            await self._their_finish(one, keep, now)
        return results

    async def _their_finish(self, one: ClaimedJob, keep: int, now: int) -> None:
        keys = self.keys.of(THEIRS)
        names = (
            *keys.many("wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused"),
            *keys.many("meta", "pc", "completed"),
            keys.job(one.job.id),
            keys.base + "metrics:completed",
            keys.marker,
        )
        opts = {"token": one.token, "keepJobs": {"count": keep}, "attempts": 0, "maxMetricsSize": self.points or ""}
        args = (one.job.id, now, "returnvalue", b'{"ok":1}', "completed", "", keys.base, _pack(opts))
        assert await run(self.connection, official("moveToFinished"), names, *args) == 0

    def assert_alike(self) -> None:
        ours, theirs = dump(self.client, f"bull:{OURS}:"), dump(self.client, f"bull:{THEIRS}:")
        assert ours == theirs
        assert ours["events"], "the comparison must not be of nothing"


def new_job(number: int, opts: dict[str, Any]) -> NewJob:
    return NewJob(f"job {number}", b'{"n":%d,"s":"\xc3\xa4"}' % number, {"attempts": 0, **opts})


@pytest.fixture
def client(valkey: Engine) -> Iterator[Redis]:
    with Redis(unix_socket_path=valkey.socket) as client:
        client.flushall()
        yield client


@pytest.fixture
async def twins(valkey: Engine, connect: Callable[..., Connection], client: Redis) -> Twins:
    address = Address(path=valkey.socket)
    return Twins(connect(address, on_connect=load_scripts), address, client)


PLAIN: list[dict[str, Any]] = [
    {},
    {"attempts": 3},
    {"attempts": 5, "backoff": {"type": "exponential", "delay": 1000, "jitter": 0.5}},
    {"removeOnComplete": True, "removeOnFail": {"count": 10, "age": 3600}},
    {"keepLogs": 5},
    {"timestamp": NOW - 5000},
]


@pytest.mark.parametrize("meta", [{}, {"paused": 1}, {"concurrency": 0}, {"opts.maxLenEvents": 3}], ids=str)
@pytest.mark.parametrize("times", [1, 4], ids=["in one script", "in stages"])
async def test_add(twins: Twins, meta: dict[str, Any], times: int) -> None:
    if meta:
        twins.set_meta(**meta)
    jobs = [new_job(number, opts) for number, opts in enumerate(PLAIN * times)]
    ids = await twins.jobs.add(OURS, jobs, NOW)
    keys = twins.keys.of(THEIRS)
    names = keys.many("wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker")
    theirs = []
    for job in jobs:
        packed = [keys.base, "", job.name, job.opts.get("timestamp", NOW), None, None, None, None, None]
        stored = {("kl" if key == "keepLogs" else key): value for key, value in job.opts.items()}
        reply = await run(twins.connection, official("addStandardJob"), names, _pack(packed), job.data, _pack(stored))
        theirs.append(reply.decode())
    assert ids == theirs
    twins.assert_alike()


WAITING: list[dict[str, Any]] = [{}, {"priority": 3}, {"delay": 1}, {"priority": 1}, {"lifo": True}, {}]


@pytest.mark.parametrize("count", [1, 4, 10])
@pytest.mark.parametrize(
    "meta",
    [{}, {"paused": 1}, {"concurrency": 2}, {"max": 2, "duration": 1000}],
    ids=["plain", "paused", "two", "limit"],
)
async def test_claim(twins: Twins, meta: dict[str, Any], count: int) -> None:
    await twins.add(*WAITING)
    if meta:
        twins.set_meta(**meta)
    await twins.claim_both(count)
    twins.assert_alike()


async def test_claim_promotes_what_is_due(twins: Twins) -> None:
    past = {"timestamp": NOW - 60_000, "delay": 1000}
    await twins.add(past, {**past, "priority": 2}, {}, {"delay": 5000})
    held = await twins.claim_both(10)
    assert [one.job.id for one in held] == ["3", "1", "2"]
    twins.assert_alike()


async def test_claim_under_the_limit_of_a_worker(twins: Twins) -> None:
    await twins.add({}, {}, {})
    held = await twins.claim_both(3, limiter=(2, 5000))
    assert len(held) == 2
    twins.assert_alike()


FINISHED: list[dict[str, Any]] = [{}, {"priority": 2}, {"attempts": 3}, {"lifo": True}]


@pytest.mark.parametrize("keep", [-1, 0])
@pytest.mark.parametrize("opts", list(itertools.combinations(FINISHED, 3)), ids=str)
async def test_finish(twins: Twins, opts: tuple[dict[str, Any], ...], keep: int) -> None:
    await twins.add(*opts)
    held = await twins.claim_both(2)
    assert await twins.finish_both(held, keep) == [None, None]
    twins.assert_alike()
    rest = await twins.claim_both(2)
    assert await twins.finish_both(rest, keep) == [None]
    twins.assert_alike()


SECOND, MINUTE = 1000, 60_000
MINUTES = [
    (0, 2), (30 * SECOND, 1), (MINUTE, 2), (MINUTE + 1, 1), (3 * MINUTE, 3), (3 * MINUTE + 5, 1), (20 * MINUTE, 2),
    (21 * MINUTE - 1, 1), (60 * MINUTE, 1), (59 * MINUTE, 1), (61 * MINUTE, 1),
]  # fmt: skip


@pytest.mark.parametrize("keep", [-1, 0])
@pytest.mark.parametrize("points", [0, 1, 3, 1440])
async def test_finish_collects_metrics(twins: Twins, points: int, keep: int) -> None:
    twins.collect(points)
    await twins.add(*({} for _ in range(1 + sum(count for _, count in MINUTES))))
    for after, count in MINUTES:
        await twins.finish_both(await twins.claim_both(count), keep, NOW + after)
        twins.assert_alike()
    assert twins.client.exists(f"bull:{OURS}:metrics:completed") == (points > 0)


async def test_a_gap_of_many_minutes_fits_into_one_call(twins: Twins) -> None:
    twins.collect(20_160)
    await twins.add({}, {}, {})
    for now in (NOW, NOW + 30_000 * MINUTE):
        await twins.finish_both(await twins.claim_both(1), -1, now)
    twins.assert_alike()
    assert twins.client.llen(f"bull:{OURS}:metrics:completed:data") == 20_160


async def test_what_could_not_be_finished_is_not_counted(twins: Twins) -> None:
    twins.collect(10)
    await twins.add({}, {})
    held = await twins.claim_both(1)
    assert await twins.jobs.finish(OURS, [Finished(held[0], Completed(b"1"))], None, NOW) == ([None], None)
    (problem,), _ = await twins.jobs.finish(OURS, [Finished(held[0], Completed(b"1"))], None, NOW)
    assert problem is not None
    assert twins.client.hget(f"bull:{OURS}:metrics:completed", "count") == b"1"


async def test_failures_and_unusual_jobs_are_counted_by_the_official_script(twins: Twins) -> None:
    twins.collect(10)
    await twins.jobs.add(OURS, [new_job(0, {}), new_job(1, {"deduplication": {"id": "d"}})], NOW)
    request = ClaimRequest(count=2, owner="w", serial=0, lock_ms=LOCK_MS)
    first, second = (await twins.jobs.claim(OURS, request, NOW)).jobs
    ended = [Finished(first, Failed("broken", unrecoverable=True)), Finished(second, Completed(b"1"))]
    assert (await twins.jobs.finish(OURS, ended, None, NOW))[0] == [None, None]
    for ending in ("completed", "failed"):
        found = twins.client.hgetall(f"bull:{OURS}:metrics:{ending}")
        assert found == {b"count": b"1", b"prevTS": b"%d" % NOW, b"prevCount": b"0"}
