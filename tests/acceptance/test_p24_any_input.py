"""No input causes a 5xx, and what is refused leaves no trace."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from corral.testing.engines import RunningEngine
from corral.testing.server import TOKEN, running_server
from tests.acceptance.client import Client
from tests.acceptance.keys import snapshot

Run = Callable[[Callable[[Client], Awaitable[None]]], None]
PREFIX = "any-input"

_fresh = itertools.count()

Strategy = st.SearchStrategy[Any]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([2**31, 2**53, 2**64, 1e308, -0.0, 10**400]),
    st.text(max_size=6),
    st.sampled_from(["custom", "1", "a:b:c", "__proto__", "\u2028", "\x00", "\ud800"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def shaped(given: dict[str, Strategy] = {}, **may: Strategy) -> Strategy:  # noqa: B006 - it is only read
    """What is expected, `given` always and the others at times; nearly that; or anything."""
    askew = {name: inner | values for name, inner in (given | may).items()}
    expected = st.fixed_dictionaries(given, optional=may)
    return st.one_of(expected, expected, expected, st.fixed_dictionaries({}, optional=askew), values)


word = st.text(max_size=4)
few = st.integers(-1, 10)
flag = st.booleans()
retention = shaped(count=few, age=few) | few | flag
job_options = shaped(
    delay=few,
    priority=few,
    attempts=few,
    lifo=flag,
    jobId=word,
    backoff=shaped({"type": st.sampled_from(["fixed", "exponential", "x"])}, delay=few) | few,
    deduplication=shaped({"id": word}, ttl=few),
    repeat=shaped(
        every=st.integers(1, 10**9),
        limit=few,
        key=word,
        pattern=st.text("0123*/ -,LW#?", max_size=9) | st.just("*/5 * * * *"),
        tz=st.sampled_from(["UTC", "Europe/Berlin", "x"]),
        immediately=flag,
        startDate=few | word,
        endDate=few | word | st.just("2099-01-01"),
        offset=few,
        count=few,
    ),
    removeOnComplete=retention,
    removeOnFail=retention,
)
jobs = st.lists(shaped({"name": word, "data": values}, opts=job_options), max_size=4)

url = (
    st.sampled_from(["http://127.0.0.1:1/", "https://x.invalid/a b?c#d", "http://é.invalid/", "http://[::1]:1/"]) | word
)
limiter = shaped({"max": few, "duration": few})
headers = st.dictionaries(st.text("aX-: é", max_size=3), values, max_size=2)
target = shaped({"url": url, "method": st.sampled_from(["POST", "put", "GET"])}, headers=headers, timeout=few)
worker_options = shaped(
    concurrency=few, limiter=limiter, maxStalledCount=few, removeOnComplete=retention, removeOnFail=retention
)
worker = shaped({"queue": st.text(min_size=3, max_size=4), "endpoint": target}, opts=worker_options)
alias = shaped({"url": url}, method=st.just("PATCH"), opts=shaped(rateLimit=limiter, concurrency=few))

odd_bytes = [b"\xef\xbb\xbf[]", b"[" * 2000, b'[{"name":"n","data":1e999}]', b'[{"name":"n","data":"\\ud800"}]']
raw = st.binary(max_size=20) | st.sampled_from(odd_bytes)


@pytest.fixture(scope="module")
def run(engine: RunningEngine) -> Iterator[Run]:
    """Runs a question to one server that lives as long as this module's tests, which are not async."""
    with asyncio.Runner() as runner:
        options: dict[str, Any] = {
            "queue_prefix": PREFIX,
            "worker_metadata_key": f"{PREFIX}:meta",
            "worker_metadata_stream": f"{PREFIX}:stream",
            "workers": False,
        }
        serving = running_server(engine.url, grace=0.1, **options)
        server = runner.run(serving.__aenter__())
        yield lambda question: runner.run(question(Client(server.port)))  # type: ignore[arg-type]
        runner.run(serving.__aexit__(None, None, None))


def encoded(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "surrogatepass")


async def harmless(
    client: Client, redis: Redis, method: str, path: str, body: bytes | None = None, token: str = TOKEN
) -> int:
    """The status, which must be below 500; below 400 something may have been stored, else not."""
    before = snapshot(redis, PREFIX)
    reply = await client.call(method, path, b"" if body is None else body, token=token)
    assert reply.status < 500, (method, path, body, reply)
    if reply.status >= 400:
        assert snapshot(redis, PREFIX) == before, (method, path, body, reply)
    return reply.status


many = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(body=jobs | values | raw)
def test_p22_p34_any_jobs(run: Run, redis: Redis, body: Any) -> None:
    queue = f"jobs{next(_fresh)}"

    async def question(client: Client) -> None:
        if await harmless(client, redis, "POST", f"/queues/{queue}/jobs", encoded(body)) == 200:
            assert await harmless(client, redis, "GET", f"/queues/{queue}/jobs?statuses=,&length=100") == 200
        for key in redis.scan_iter(f"{PREFIX}*", count=100_000):
            redis.delete(key)

    run(question)


@many
@given(body=worker | values | raw, other=alias | values | raw)
def test_p43_p48_any_worker(run: Run, redis: Redis, body: Any, other: Any) -> None:
    async def question(client: Client) -> None:
        await harmless(client, redis, "POST", "/workers", encoded(body))
        await harmless(client, redis, "POST", "/endpoints/orders", encoded(other))
        assert await harmless(client, redis, "GET", "/workers") == 200
        redis.delete(f"{PREFIX}:meta", f"{PREFIX}:stream")

    run(question)


@many
@given(body=values | raw)
def test_p40_p41_any_progress_and_log(run: Run, redis: Redis, body: Any) -> None:
    redis.hset(f"{PREFIX}:running:1", mapping={"name": "n", "data": "1", "opts": "{}", "timestamp": "1"})
    redis.set(f"{PREFIX}:running:1:lock", "lock")

    async def question(client: Client) -> None:
        for name in ("progress", "logs"):
            await harmless(client, redis, "POST", f"/queues/running/jobs/1/{name}", encoded(body), token="lock")
        assert await harmless(client, redis, "GET", "/queues/running/jobs/1") == 200
        assert await harmless(client, redis, "GET", "/queues/running/jobs/1/logs") == 200
        redis.delete(f"{PREFIX}:running:1:logs", f"{PREFIX}:running:events")

    run(question)


segment = st.text("abc019:{}%é /?#.\\;&=+", min_size=1, max_size=6).map(
    lambda text: "".join(c if c not in " /?#é" else "".join(f"%{b:02x}" for b in c.encode()) for c in text)
)
query = st.text("0123456789-+.,abcewaitng=&%", max_size=12)
routes = st.sampled_from(
    [
        ("GET", "/queues/{}/jobs?start={q}&length={r}"),
        ("GET", "/queues/{}/jobs?statuses={q}&start={r}"),
        ("GET", "/queues/{}/jobs?{q}"),
        ("GET", "/queues/{}/jobs/{}"),
        ("GET", "/queues/{}/jobs/{}/logs?start={q}&end={r}"),
        ("GET", "/queues/{}/jobs/{}/logs?{q}"),
        ("POST", "/queues/{}/jobs/{}/progress"),
        ("POST", "/queues/{}/jobs/{}/logs"),
        ("DELETE", "/workers/{}"),
        ("DELETE", "/endpoints/{}"),
        ("POST", "/endpoints/{}"),
        ("GET", "/{}/{}"),
        ("GET", "/queues/{}/process/{}"),
    ]
)


@many
@given(route=routes, one=segment, two=segment | st.sampled_from(["wait", "meta", "1", "marker"]), q=query, r=query)
def test_p14_p42_any_path_and_query(run: Run, redis: Redis, route: Any, one: str, two: str, q: str, r: str) -> None:
    method, pattern = route

    async def question(client: Client) -> None:
        await harmless(client, redis, method, pattern.format(one, two, q=q, r=r), b"{}")

    run(question)


@pytest.mark.parametrize("job_id", ["queues", "corral", "meta", "wait", "repeat", "events"])
def test_p30_no_id_is_the_name_of_another_key(run: Run, redis: Redis, job_id: str) -> None:
    async def question(client: Client) -> None:
        path = "/queues/corral/jobs"
        await client.add("corral", {"name": "n", "data": 1})
        opts = {"jobId": job_id}
        body = encoded([{"name": "n", "data": 1, "opts": opts}])
        assert await harmless(client, redis, "POST", path, body) == 400
        assert await harmless(client, redis, "GET", f"{path}/{job_id}") == 404

    run(question)


@pytest.mark.parametrize("job_id", ["a:b", "1", "a"])
@pytest.mark.parametrize("suffix", ["lock", "logs"])
def test_p18_p42_keys_that_are_something_else(run: Run, redis: Redis, job_id: str, suffix: str) -> None:
    """A job may have an id that is the name of another job's lock."""

    async def question(client: Client) -> None:
        path = "/queues/orders/jobs"
        opts = {"jobId": f"{job_id}:{suffix}"}
        await harmless(client, redis, "POST", path, encoded([{"name": "n", "data": 1, "opts": opts}]))
        redis.hset(f"{PREFIX}:orders:{job_id}:{suffix}", "name", "n")
        for method, name in (("POST", "progress"), ("POST", "logs"), ("GET", "logs")):
            await harmless(client, redis, method, f"{path}/{job_id}/{name}", b"1")

    run(question)
