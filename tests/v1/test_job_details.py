"""What a job holds: payload, progress, log, and its deduplication id."""

from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.v1.jobs import made, refused, said, say

DEDUPLICATION = "/v1/queues/mail/deduplication"


@pytest.mark.parametrize("data", [{"a": {"b": [1.5, "\u00e4", None]}}, [], "text", 0, None, False])
async def test_the_payload(client: Client, data: Any) -> None:
    await made(client, {})
    await say(client, "PUT", "/1/data", data)
    assert (await say(client, "GET", "/1", status=200))["data"] == data


@pytest.mark.parametrize("progress", [50, {"step": 2}, "half", None])
async def test_the_progress(client: Client, progress: Any) -> None:
    await made(client, {})
    await say(client, "PUT", "/1/progress", progress)
    assert (await say(client, "GET", "/1", status=200))["progress"] == progress


async def test_the_log(client: Client) -> None:
    await made(client, {})
    rows = ["a", {"b": 1}, 3, None, "e"]
    for count, row in enumerate(rows, 1):
        assert await say(client, "POST", "/1/logs", {"log": row}, status=200) == {"count": count}
    texts = ["a", '{"b":1}', "3", "", "e"]
    assert await say(client, "GET", "/1/logs", status=200) == {"logs": texts, "count": 5}
    assert await say(client, "GET", "/1/logs?start=1&limit=2", status=200) == {"logs": texts[1:3], "count": 5}
    newest = await say(client, "GET", "/1/logs?order=desc&limit=2", status=200)
    assert newest == {"logs": ["e", ""], "count": 5}
    assert await say(client, "POST", "/1/logs", {"log": "f", "keep": 3}, status=200) == {"count": 3}
    await say(client, "DELETE", "/1/logs?keep=1")
    assert await say(client, "GET", "/1/logs", status=200) == {"logs": ["f"], "count": 1}
    await say(client, "DELETE", "/1/logs")
    assert await say(client, "GET", "/1/logs", status=200) == {"logs": [], "count": 0}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "data", 1),
        ("PUT", "progress", 1),
        ("GET", "logs", None),
        ("POST", "logs", {"log": "x"}),
        ("DELETE", "logs", None),
        ("DELETE", "deduplication", None),
    ],
)
async def test_no_such_job(client: Client, method: str, path: str, body: Any) -> None:
    await made(client, {})
    before = await say(client, "GET", "/1", status=200)
    for id in ("2", "meta", "wait", "events"):
        assert await refused(client, method, f"/{id}/{path}", body) == (404, "job-not-found")
    assert await say(client, "GET", "/1", status=200) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "data", b""),
        ("PUT", "data", b"{"),
        ("PUT", "data", b'"\xff"'),
        ("PUT", "data", b"1e999"),
        ("PUT", "data", b"[" * 100_000),
        ("PUT", "progress", b"nan"),
        ("POST", "logs", {}),
        ("POST", "logs", {"log": "x", "keep": 0}),
        ("POST", "logs", "x"),
        ("GET", "logs?start=-1", None),
        ("GET", "logs?limit=1001", None),
        ("GET", "logs?end=1", None),
        ("DELETE", "logs?keep=-1", None),
    ],
    ids=str,
)
async def test_what_cannot_be(client: Client, method: str, path: str, body: Any) -> None:
    await made(client, {})
    assert await refused(client, method, f"/1/{path}", body) == (400, "invalid-input")


async def test_a_deduplication_id(client: Client) -> None:
    one = {"opts": {"deduplication": {"id": "mine", "ttl": 60_000}}}
    (first,) = await made(client, one)
    assert (await client.call("GET", f"{DEDUPLICATION}/mine")).json() == {"jobId": first}
    assert (await client.call("DELETE", f"{DEDUPLICATION}/mine")).status == 204
    for method in ("GET", "DELETE"):
        assert said(await client.call(method, f"{DEDUPLICATION}/mine")) == (404, "not-found")
    (second,) = await made(client, one)
    assert second != first
    assert await say(client, "DELETE", f"/{first}/deduplication", status=200) == {"released": False}
    assert await say(client, "DELETE", f"/{second}/deduplication", status=200) == {"released": True}
