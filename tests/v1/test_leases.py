"""Clients that claim jobs by themselves, over HTTP and the queue socket."""

import asyncio
import json
from typing import Any

import pytest
from redis import Redis

from corral.lifecycle import doorbell
from corral.testing.waiting import until
from tests.acceptance.client import Client, Reply

LEASES = "/v1/queues/pull/leases"


async def add(client: Client, *jobs: dict[str, Any]) -> None:
    body = [{"name": "n", "data": {"x": 1}, **job} for job in jobs]
    assert (await client.call("POST", "/queues/pull/jobs", body)).status == 200


async def claim(client: Client, **request: Any) -> list[dict[str, Any]]:
    reply = await client.call("POST", LEASES, request)
    assert reply.status == 200, reply.text
    leases: list[dict[str, Any]] = reply.json()["leases"]
    return leases


def held(lease: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": lease["job"]["id"], "token": lease["token"], **more}


async def end(client: Client, how: str, *items: dict[str, Any]) -> Reply:
    return await client.call("POST", f"{LEASES}/{how}", {"items": list(items)})


async def job(client: Client, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.call("GET", f"/queues/pull/jobs/{job_id}")).json()
    return found


async def test_claim_gives_jobs_with_a_token_and_a_deadline(client: Client) -> None:
    await add(client, {}, {"opts": {"priority": 5}}, {})
    first, second = await claim(client, count=2, leaseMs=5000, name="puller")
    assert [first["job"]["id"], second["job"]["id"]] == ["1", "3"]
    assert first["token"] != second["token"]
    assert first["deadline"] - first["job"]["processedOn"] == 5000
    assert first["job"]["processedBy"] == "puller"
    assert [one["job"]["id"] for one in await claim(client, count=5)] == ["2"]
    assert await claim(client, count=5) == []


async def test_complete_fail_release_and_delay_each_item_with_its_own_result(client: Client) -> None:
    await add(client, {}, {"opts": {"attempts": 2}}, {}, {}, {})
    leases = await claim(client, count=5)
    reply = await end(client, "complete", held(leases[0], result={"ok": 1}), {"id": "2", "token": "not it"})
    assert reply.status == 200
    assert [(one["ok"], one.get("code")) for one in reply.json()["results"]] == [(True, None), (False, "lease-lost")]
    assert (await job(client, "1"))["returnvalue"] == {"ok": 1}
    assert (await end(client, "fail", held(leases[1], reason="again"))).json()["results"] == [{"id": "2", "ok": True}]
    assert (await job(client, "2"))["attemptsMade"] == 1
    await end(client, "fail", held(leases[2], reason="for good", retry=False))
    assert (await job(client, "3"))["failedReason"] == "for good"
    await end(client, "release", held(leases[3]))
    await end(client, "delay", held(leases[4], delay=60_000))
    counts = (await client.call("GET", "/queues/pull/jobs?statuses=waiting,delayed,active")).json()["counts"]
    assert counts == {"waiting": 2, "delayed": 1, "active": 0, "paused": 0}
    assert (await job(client, "5"))["attemptsMade"] == 0


async def test_a_lost_lease_is_409(client: Client, redis: Redis, prefix: str) -> None:
    await add(client, {})
    [lease] = await claim(client)
    redis.delete(f"{prefix}:pull:1:lock")
    for how in ("complete", "fail", "extend", "release", "delay"):
        reply = await end(client, how, held(lease))
        assert (reply.status, reply.json()["type"]) == (409, "/docs/problems#lease-lost")
        assert reply.headers["content-type"] == "application/problem+json"


async def test_extend_moves_the_deadline(client: Client, redis: Redis, prefix: str) -> None:
    await add(client, {})
    [lease] = await claim(client, leaseMs=20_000)
    reply = await client.call("POST", f"{LEASES}/extend", {"items": [held(lease)], "leaseMs": 60_000})
    assert reply.json()["results"] == [{"id": "1", "ok": True}]
    assert redis.pttl(f"{prefix}:pull:1:lock") > 50_000


async def test_a_long_poll_gets_a_job_that_comes_later(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks without a sign."""
    monkeypatch.setattr(doorbell, "_BLOCK", 300.0)
    polls = [asyncio.create_task(claim(client, wait=20)) for _ in range(3)]
    await add(client, {}, {}, {})
    found = await asyncio.gather(*polls)
    assert sorted(lease["job"]["id"] for leases in found for lease in leases) == ["1", "2", "3"]


async def test_a_long_poll_gets_a_delayed_job_when_it_is_due(client: Client) -> None:
    poll = asyncio.create_task(claim(client, wait=20))
    await add(client, {"opts": {"delay": 150}})
    [lease] = await poll
    assert lease["job"]["id"] == "1"


async def test_an_empty_poll_ends_in_time(client: Client) -> None:
    assert await claim(client, wait=0.05) == []


async def test_jobs_of_a_client_that_has_gone_go_back(client: Client, redis: Redis, prefix: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    body = json.dumps({"wait": 20}).encode()
    head = f"POST {LEASES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {client.token}\r\n"
    writer.write(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
    await until(lambda: any(one["name"].startswith(f"{prefix}:") for one in redis.client_list()))
    writer.transport.abort()
    await add(client, {})
    await until(lambda: redis.hget(f"{prefix}:pull:1", "ats") == "1" and redis.llen(f"{prefix}:pull:wait") == 1)
    assert redis.llen(f"{prefix}:pull:active") == 0


async def test_bad_requests_name_the_field(client: Client) -> None:
    reply = await client.call("POST", LEASES, {"count": 0})
    assert reply.status == 400
    assert reply.json()["errors"][0]["pointer"] == "#/count"
    assert (await client.call("POST", LEASES, {"surprise": 1})).status == 400
    assert (await end(client, "complete")).status == 400


async def test_leases_that_ran_out_are_found_by_the_next_claim(serve: Any) -> None:
    server = await serve(stalled_interval=100)
    client = Client(server.port)
    await add(client, {})
    await claim(client, leaseMs=1000)
    again = await claim(client, wait=10)
    assert again[0]["job"]["id"] == "1"
    assert again[0]["job"]["stalledCounter"] == 1
