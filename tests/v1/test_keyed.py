"""`Idempotency-Key`: what is sent again is not done again."""

import asyncio
from typing import Any

import pytest
from redis import Redis

from corral.server.v1.keyed import HOLD_MS, KEEP_MS
from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client, Reply
from tests.acceptance.conftest import Serve

JOBS = "/v1/queues/once/jobs"
JOB = {"name": "n", "data": {"n": 1}}
FLOW = {"name": "up", "queueName": "once", "children": [{"name": "down", "queueName": "once"}]}
KEY = {"idempotency-key": "7c1f"}


async def total(client: Client) -> int:
    counts = (await client.call("GET", "/v1/queues/once/counts")).json()
    return sum(counts.values())


def kept(redis: Redis, prefix: str) -> list[str]:
    return list(redis.scan_iter(f"{prefix}:corral:idem:*"))


@pytest.mark.parametrize(("path", "body"), [(JOBS, JOB), (JOBS, [JOB, JOB]), ("/v1/flows", FLOW)])
async def test_the_answer_is_the_first_ones(client: Client, path: str, body: Any) -> None:
    first = await client.call("POST", path, body, headers=KEY)
    added = await total(client)
    again = await client.call("POST", path, body, headers=KEY)
    assert first.status == 201
    assert (again.status, again.body) == (201, first.body)
    assert again.headers.get("location") == first.headers.get("location")
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert await total(client) == added


async def test_a_copy_of_a_job_is_made_once(client: Client) -> None:
    await client.call("POST", JOBS, JOB)
    for _ in range(3):
        assert (await client.call("POST", f"{JOBS}/1/duplicate", {}, headers=KEY)).status == 201
    assert await total(client) == 2


async def test_without_a_key_or_with_another_it_is_done_again(client: Client) -> None:
    for headers in ({}, {}, KEY, {"idempotency-key": "another"}):
        assert (await client.call("POST", JOBS, JOB, headers=headers)).status == 201
    assert await total(client) == 4


async def test_nothing_is_kept_without_a_key(client: Client, redis: Redis, prefix: str) -> None:
    await client.call("POST", JOBS, JOB)
    assert kept(redis, prefix) == []


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (JOBS, {"name": "n", "data": {"n": 2}}, {}),
        (f"{JOBS}?wait=0", JOB, {}),
        (JOBS, JOB, {"content-type": "application/x-ndjson"}),
    ],
)
async def test_another_request_with_the_key_is_422(client: Client, path: str, body: Any, headers: Any) -> None:
    await client.call("POST", JOBS, JOB, headers=KEY)
    reply = await client.call("POST", path, body, headers=KEY | headers)
    assert (reply.status, reply.json()["type"]) == (422, "/docs/problems#idempotency-mismatch")
    assert await total(client) == 1


async def test_keys_belong_to_a_path_and_a_token(serve: Serve) -> None:
    client = Client((await serve(auth_tokens=(TOKEN, "other"))).port)
    for path in (JOBS, "/v1/queues/twice/jobs"):
        for token in (TOKEN, "other"):
            reply = await client.call("POST", path, JOB, token=token, headers=KEY)
            assert "idempotency-replayed" not in reply.headers
    assert await total(client) == 2


async def test_of_many_at_once_one_is_done(client: Client) -> None:
    replies = await asyncio.gather(*(client.call("POST", JOBS, JOB, headers=KEY) for _ in range(10)))
    assert await total(client) == 1
    for reply in replies:
        assert reply.status == 201 or reply.json()["type"] == "/docs/problems#idempotency-in-progress"


async def test_one_that_is_still_being_answered_is_409(client: Client, redis: Redis, prefix: str) -> None:
    path = f"{JOBS}?wait=20"
    first = asyncio.create_task(client.call("POST", path, JOB, headers=KEY))
    [name] = await until(lambda: kept(redis, prefix))
    again = await client.call("POST", path, JOB, headers=KEY)
    assert (again.status, again.json()["type"]) == (409, "/docs/problems#idempotency-in-progress")
    assert 0 < redis.pttl(name) <= HOLD_MS
    await end_the_job(client)
    assert (await first).json()["state"] == "completed"
    assert HOLD_MS < redis.pttl(name) <= KEEP_MS
    assert (await client.call("POST", path, JOB, headers=KEY)).body == (await first).body


async def test_a_client_that_left_finds_the_answer(client: Client) -> None:
    lost = asyncio.create_task(client.call("POST", f"{JOBS}?wait=20", JOB, headers=KEY))
    await until(lambda: added(client))
    lost.cancel()
    await end_the_job(client)

    async def answered() -> Reply | None:
        reply = await client.call("POST", f"{JOBS}?wait=20", JOB, headers=KEY)
        return reply if reply.status == 201 else None

    reply = await until(answered)
    assert reply is not None
    assert reply.headers["idempotency-replayed"] == "true"
    assert await total(client) == 1


@pytest.mark.parametrize("body", [{"name": ""}, b"{", {"name": "n", "opts": {"parent": {"id": "9", "queue": "no:no"}}}])
async def test_a_refusal_is_not_kept(client: Client, redis: Redis, prefix: str, body: Any) -> None:
    assert (await client.call("POST", JOBS, body, headers=KEY)).status == 400
    assert kept(redis, prefix) == []
    assert (await client.call("POST", JOBS, JOB, headers=KEY)).status == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_keys_have_a_length(client: Client, key: str) -> None:
    reply = await client.call("POST", JOBS, JOB, headers={"idempotency-key": key})
    assert (reply.status, reply.json()["errors"][0]["parameter"]) == (400, "idempotency-key")


async def added(client: Client) -> bool:
    return (await client.call("HEAD", f"{JOBS}/1")).status == 200


async def end_the_job(client: Client) -> None:
    await until(lambda: added(client))
    [lease] = (await client.call("POST", "/v1/queues/once/leases", {"wait": 5})).json()["leases"]
    item = {"id": lease["job"]["id"], "token": lease["token"]}
    assert (await client.call("POST", "/v1/queues/once/leases/complete", {"items": [item]})).status == 200
