"""JSON lines: many jobs in one body, and whole listings."""

import asyncio
import json
from typing import Any

import pytest

from corral.testing.waiting import until
from tests.acceptance.client import DEADLINE, Client, Reply

JOBS = "/v1/queues/lined/jobs"
IN = {"content-type": "application/x-ndjson"}
OUT = {"accept": "application/x-ndjson"}


def lined(*items: Any) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


async def add(client: Client, count: int) -> None:
    jobs = [{"name": f"n{number % 2}", "data": number} for number in range(count)]
    assert (await client.call("POST", JOBS, lined(*jobs), headers=IN)).status == 201


async def count(client: Client) -> int:
    counts = (await client.call("GET", "/v1/queues/lined/counts")).json()
    return sum(counts.values())


async def test_one_job_a_line(client: Client) -> None:
    body = b'{"name": "a", "data": 1}\r\n\n  {"name": "b", "opts": {"priority": 3}}'
    reply = await client.call("POST", JOBS, body, headers=IN)
    assert (reply.status, reply.headers["content-type"]) == (201, "application/json")
    assert [(job["id"], job["name"], job["priority"]) for job in reply.json()] == [("1", "a", 0), ("2", "b", 3)]


async def test_the_answer_comes_in_lines_too(client: Client) -> None:
    reply = await client.call("POST", JOBS, lined({"name": "a"}, {"name": "b"}), headers=IN | OUT)
    assert (reply.status, reply.headers["content-type"]) == (201, "application/x-ndjson")
    assert [json.loads(line)["name"] for line in reply.text.splitlines()] == ["a", "b"]


async def test_lines_of_nothing_add_nothing(client: Client) -> None:
    for body in (b"", b"\n\n"):
        reply = await client.call("POST", JOBS, body, headers=IN)
        assert (reply.status, reply.json()) == (201, [])


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (b'{"name": 5}', "#/name"),
        (b'{"name": "n"', "#"),
        (b'{"name": "n"} {"name": "n"}', "#"),
        (b'["n"]', "#"),
        (b'{"name": "n", "opts": {"delay": -1}}', "#/opts/delay"),
        (b'{"name": "n", "opts": {"jobId": "5"}}', "#/opts/jobId"),
        (b'{"name": "n", "opts": {"repeat": {"pattern": "x"}}}', "#/opts/repeat/pattern"),
        (b'{"name": "n", "opts": {"parent": {"id": "1", "queue": "no:no"}}}', "#/opts/parent"),
    ],
)
async def test_a_bad_line_is_told_and_nothing_is_added(client: Client, bad: bytes, pointer: str) -> None:
    good = b'{"name": "n"}\n'
    reply = await client.call("POST", JOBS, good + b"\n" + good + bad + b"\n" + good, headers=IN)
    [problem] = reply.json()["errors"]
    assert (reply.status, problem["line"], problem["pointer"]) == (400, 4, pointer)
    assert problem["detail"].startswith("Line 4: ")
    assert await count(client) == 0


async def test_every_bad_line_is_told(client: Client) -> None:
    bad = {"name": "n", "opts": {"jobId": "5"}}
    reply = await client.call("POST", JOBS, lined(bad, {"name": "n"}, bad), headers=IN)
    assert [problem["line"] for problem in reply.json()["errors"]] == [1, 3]


async def test_a_listing_comes_whole(client: Client) -> None:
    await add(client, 250)
    found = await listing(client, f"{JOBS}?limit=100")
    assert [job["id"] for job in found] == [str(number) for number in range(250, 0, -1)]
    some = await listing(client, f"{JOBS}?name=n1&order=asc")
    assert [job["data"] for job in some] == list(range(1, 250, 2))


async def test_a_listing_of_nothing_is_empty(client: Client) -> None:
    assert (await listing(client, JOBS)) == []


async def test_what_is_wrong_with_a_listing_is_still_a_problem(client: Client) -> None:
    for query in ("cursor=x", "limit=0", "state=none"):
        reply: Reply = await client.call("GET", f"{JOBS}?{query}", headers=OUT)
        assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")


async def test_nobody_reads_on_for_a_client_that_does_not(client: Client) -> None:
    jobs = [{"name": "n", "data": "x" * 20_000} for _ in range(100)]
    for _ in range(5):
        assert (await client.call("POST", JOBS, lined(*jobs), headers=IN)).status == 201
    before = len(asyncio.all_tasks())
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port, limit=1000)
    writer.write(asking(client, JOBS, "1.1"))
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.transport.abort()
    await until(lambda: len(asyncio.all_tasks()) <= before)


async def listing(client: Client, path: str) -> list[Any]:
    """HTTP 1.0 has no chunks: the end of the connection is that of the listing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(asking(client, path, "1.0"))
    async with asyncio.timeout(DEADLINE):
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert head.startswith("HTTP/1.1 200 OK")
    assert "content-type: application/x-ndjson" in head
    return [json.loads(line) for line in body.splitlines()]


def asking(client: Client, path: str, version: str) -> bytes:
    fields = {"host": "x", "authorization": f"Bearer {client.token}", **OUT}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"GET {path} HTTP/{version}\r\n{lines}\r\n".encode()
