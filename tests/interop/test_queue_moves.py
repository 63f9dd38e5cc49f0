"""What corral does to a whole queue leaves the data and the events that Node BullMQ 6 leaves."""

from typing import Any

import pytest
from redis import Redis

from corral.model.job import NewJob
from corral.model.outcome import Completed, Failed
from corral.store.jobs import ClaimRequest, Finished
from corral.stores.redis.store import RedisStore
from tests.acceptance.client import Client
from tests.interop.child import Node
from tests.stores.redis.dumps import Dump, dump

NOW = 1_700_000_000_000
OURS, THEIRS = "ours", "theirs"

MOVES: dict[str, tuple[str, str, Any, str]] = {
    "pause": ("POST", "pause", {}, "q.pause()"),
    "resume": ("POST", "resume", {}, "q.resume()"),
    "drain": ("POST", "drain", {}, "q.drain()"),
    "drain delayed": ("POST", "drain", {"delayed": True}, "q.drain(true)"),
    "clean completed": ("POST", "clean", {"grace": 0, "limit": 0}, "q.clean(0, 0)"),
    "clean one": ("POST", "clean", {"grace": 0, "limit": 1, "state": "failed"}, "q.clean(0, 1, 'failed')"),
    "clean waiting": ("POST", "clean", {"grace": 0, "limit": 100, "state": "waiting"}, "q.clean(0, 100, 'waiting')"),
    "clean delayed": ("POST", "clean", {"grace": 0, "limit": 0, "state": "delayed"}, "q.clean(0, 0, 'delayed')"),
    "clean some": ("POST", "clean", {"grace": 0, "limit": 2, "state": "prioritized"}, "q.clean(0, 2, 'prioritized')"),
    "clean active": ("POST", "clean", {"grace": 0, "limit": 0, "state": "active"}, "q.clean(0, 0, 'active')"),
    "clean nothing": ("POST", "clean", {"grace": 10**11, "limit": 0}, "q.clean(1e11, 0)"),
    "retry": ("POST", "retry", {}, "q.retryJobs()"),
    "retry one by one": ("POST", "retry", {"count": 1}, "q.retryJobs({count: 1})"),
    "retry completed": ("POST", "retry", {"state": "completed"}, "q.retryJobs({state: 'completed'})"),
    "retry by time": ("POST", "retry", {"timestamp": NOW}, f"q.retryJobs({{timestamp: {NOW}}})"),
    "promote": ("POST", "promote", {}, "q.promoteJobs()"),
    "trim events": ("POST", "trim-events", {"maxLength": 0}, "q.trimEvents(0)"),
    "concurrency": ("PUT", "concurrency", {"concurrency": 3}, "q.setGlobalConcurrency(3)"),
    "rate limit": ("PUT", "rate-limit", {"max": 3, "duration": 500}, "q.setGlobalRateLimit(3, 500)"),
    "throttle": ("PUT", "throttle", {"ttl": 60_000}, "q.rateLimit(60000)"),
}  # fmt: skip
AGAIN = {
    "concurrency": ("DELETE", "concurrency", "q.removeGlobalConcurrency()"),
    "rate limit": ("DELETE", "rate-limit", "q.removeGlobalRateLimit()"),
    "throttle": ("DELETE", "throttle", "q.removeRateLimitKey()"),
    "pause": ("POST", "resume", "q.resume()"),
}


class Twins:
    """Two queues with the same content: one moved by corral, the other by Node."""

    def __init__(self, node: Node, client: Client, redis: Redis, prefix: str) -> None:
        self.node = node
        self.client = client
        self.redis = redis
        self.prefix = prefix

    async def both(self, method: str, path: str, body: Any, code: str) -> tuple[Any, Any]:
        """What corral answers and what the BullMQ method returns; `q` is the queue."""
        reply = await self.client.call(method, f"/v1/queues/{OURS}/{path}", body)
        assert reply.status in (200, 204), reply.text
        queue = f"const q = queue('{THEIRS}', prefix, {{skipMetasUpdate: true}}); return await {code}"
        return reply.json() if reply.body else None, await self.node.run(queue, prefix=self.prefix)

    def assert_alike(self) -> Dump:
        ours, theirs = (dump(self.redis, f"{self.prefix}:{queue}:") for queue in (OURS, THEIRS))
        for found in (ours, theirs):
            found.get("meta", {}).pop(b"version", None)
        assert _named(ours, OURS) == _named(theirs, THEIRS)
        return ours


def _named(found: Dump, queue: str) -> str:
    """Jobs of a flow name their queue."""
    ordered = {key: found[key] for key in sorted(found)}
    return repr(ordered).replace(f":{queue}:", ":Q:").replace(f":{queue}'", ":Q'").replace(f':{queue}"', ':Q"')


@pytest.fixture
async def twins(node: Node, client: Client, store: RedisStore, redis: Redis, prefix: str) -> Twins:
    for queue in (OURS, THEIRS):
        await _fill(store, queue)
        await node.run(
            "await flows(prefix).add({name: 'parent', queueName, opts: {jobId: 'parent', timestamp},"
            " children: [{name: 'child', queueName, opts: {jobId: 'child', timestamp, priority: 4}}]})",
            prefix=prefix,
            queueName=queue,
            timestamp=NOW,
        )
    return Twins(node, client, redis, prefix)


async def _fill(store: RedisStore, queue: str) -> None:
    """Jobs in every state, some with more than their data to be removed."""
    opts: list[dict[str, Any]] = [
        *({} for _ in range(5)),
        *({"priority": priority} for priority in (5, 1, 5)),
        *({"delay": delay} for delay in (60_000, 30_000)),
        {"deduplication": {"id": "d"}},
        {"lifo": True},
        *({} for _ in range(3)),
    ]
    for number, one in enumerate(opts):
        await store.jobs.add(queue, [NewJob(f"job {number}", b'{"n":1}', {"attempts": 0, **one})], NOW)
    request = ClaimRequest(count=6, owner="w", serial=0, lock_ms=60_000)
    held = (await store.jobs.claim(queue, request, NOW)).jobs
    await store.jobs.add_log(queue, held[0].job.id, "a row", None)
    for i, claimed in enumerate(held[:5]):
        outcome = Completed(b'"done"') if i % 2 else Failed("broken", stacktrace="Error: broken", unrecoverable=True)
        assert (await store.jobs.finish(queue, [Finished(claimed, outcome)], None, NOW + i))[0] == [None]


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
async def test_a_move(twins: Twins, move: tuple[str, str, Any, str]) -> None:
    twins.assert_alike()
    ours, theirs = await twins.both(*move)
    if isinstance(theirs, list):
        assert ours["ids"] == theirs
    twins.assert_alike()


@pytest.mark.parametrize("name", AGAIN.keys())
async def test_taking_it_back(twins: Twins, name: str) -> None:
    before = twins.assert_alike()
    await twins.both(*MOVES[name])
    assert twins.assert_alike() != before
    method, path, code = AGAIN[name]
    await twins.both(method, path, b"" if method == "DELETE" else {}, code)
    twins.assert_alike()


async def test_resume_brings_back_what_bullmq_5_paused(twins: Twins) -> None:
    for queue in (OURS, THEIRS):
        await twins.node.run(
            "await queue(name, prefix, {skipMetasUpdate: true}, 5).pause()", name=queue, prefix=twins.prefix
        )
    await twins.both("POST", "resume", {}, "q.resume()")
    assert twins.assert_alike()["wait"]


@pytest.mark.parametrize("force", [False, True])
async def test_obliterate(twins: Twins, force: bool) -> None:
    """Node pauses the queue by itself."""
    await twins.client.call("POST", f"/v1/queues/{OURS}/pause")
    body = {"force": force}
    reply = await twins.client.call("POST", f"/v1/queues/{OURS}/obliterate", body)
    code = "try { await q.obliterate({force}); return 204 } catch (error) { return error.message }"
    queue = f"const q = queue('{THEIRS}', prefix, {{skipMetasUpdate: true}}); {code}"
    theirs = await twins.node.run(queue, prefix=twins.prefix, force=force)
    assert (reply.status, theirs) == ((204, 204) if force else (409, "Cannot obliterate queue with active jobs"))
    twins.assert_alike()


async def test_drain_removes_a_long_queue_as_node_does_but_for_events(twins: Twins, store: RedisStore) -> None:
    """So many jobs go in pieces, each of which says so."""
    jobs = [NewJob("n", b"1", {"attempts": 0})] * 1000
    for queue in (OURS, THEIRS):
        for _ in range(6):
            await store.jobs.add(queue, jobs, NOW)
        await store.queue_moves.trim_events(queue, 0)
    await twins.both("POST", "drain", {"delayed": True}, "q.drain(true)")
    cleaned = [
        event for event in dump(twins.redis, f"{twins.prefix}:{OURS}:")["events"] if event[b"event"] == b"cleaned"
    ]
    assert len(cleaned) >= 6
    for queue in (OURS, THEIRS):
        twins.redis.delete(f"{twins.prefix}:{queue}:events")
    twins.assert_alike()
