"""Endpoints that take many jobs in one call."""

from typing import Any

import pytest

from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointCall, EndpointServer, response


async def register(client: Client, endpoint: EndpointServer, batch: dict[str, Any], **opts: Any) -> None:
    opts = {"concurrency": 50, "batch": batch, **opts}
    body = {"queue": "bulk", "endpoint": {"url": endpoint.url, "method": "POST"}, "opts": opts}
    reply = await client.call("POST", "/workers", body)
    assert reply.status == 200, reply.text


async def add(client: Client, count: int, **opts: Any) -> None:
    body = [{"name": "n", "data": {"x": number}, "opts": opts} for number in range(1, count + 1)]
    assert (await client.call("POST", "/queues/bulk/jobs", body)).status == 200


async def ended(client: Client, **expected: int) -> None:
    async def so() -> bool:
        path = f"/queues/bulk/jobs?length=0&statuses={','.join(expected)}"
        counts = (await client.call("GET", path)).json()["counts"]
        return all(counts[state] == count for state, count in expected.items())

    await until(so)


async def job(client: Client, job_id: int) -> dict[str, Any]:
    found: dict[str, Any] = (await client.call("GET", f"/queues/bulk/jobs/{job_id}")).json()
    return found


def doubled(call: EndpointCall) -> bytes:
    jobs = call.json()["jobs"]
    return response({"results": [{"id": one["job"]["id"], "result": one["job"]["data"]["x"] * 2} for one in jobs]})


async def test_one_call_carries_many_jobs(client: Client, endpoint: EndpointServer) -> None:
    sizes: list[int] = []

    def script(call: EndpointCall) -> bytes:
        sizes.append(len(call.json()["jobs"]))
        return doubled(call)

    endpoint.script = script
    await add(client, 45)
    await register(client, endpoint, {"size": 20, "maxWait": 50})
    await ended(client, completed=45)
    assert (await job(client, 7))["returnvalue"] == 14
    assert max(sizes) == 20
    assert sum(sizes) == 45
    assert len(sizes) < 10


async def test_the_answer_need_not_say_that_it_is_json(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b'\xef\xbb\xbf {"results": [{"id": "1", "result": 5}]}\n')
    await add(client, 1)
    await register(client, endpoint, {"size": 1})
    await ended(client, completed=1)
    assert (await job(client, 1))["returnvalue"] == 5


async def test_each_job_has_its_own_outcome(client: Client, endpoint: EndpointServer) -> None:
    def script(call: EndpointCall) -> bytes:
        results: list[dict[str, Any]] = [
            {"id": "1", "result": {"ok": True}},
            {"id": "2", "error": "again please"},
            {"id": "3", "error": "never", "retry": False},
        ]
        wanted = {one["job"]["id"] for one in call.json()["jobs"]}
        return response({"results": [one for one in results if one["id"] in wanted]})

    endpoint.script = script
    await add(client, 4, attempts=2)
    await register(client, endpoint, {"size": 4, "maxWait": 1000}, concurrency=4)
    await ended(client, completed=1, failed=3)
    reasons = [(await job(client, number))["failedReason"] for number in (2, 3, 4)]
    assert reasons == ["again please", "never", "The endpoint's answer has no result for this job"]
    assert [(await job(client, number))["attemptsMade"] for number in (2, 3, 4)] == [2, 1, 2]


@pytest.mark.parametrize("answer", [response({"surprise": 1}), response(b"text"), response(b"", "503 Busy")])
async def test_an_answer_that_cannot_be_read_fails_every_job(
    client: Client, endpoint: EndpointServer, answer: bytes
) -> None:
    endpoint.script = lambda call: answer
    await add(client, 3)
    await register(client, endpoint, {"size": 3})
    await ended(client, failed=3)


@pytest.mark.parametrize("batch", [{"size": 0}, {"size": 1001}, {"maxWait": 5}, {"size": 5, "maxWait": -1}, 7])
async def test_a_batch_that_cannot_be_is_400(client: Client, endpoint: EndpointServer, batch: Any) -> None:
    body = {"queue": "bulk", "endpoint": {"url": endpoint.url, "method": "POST"}, "opts": {"batch": batch}}
    reply = await client.call("POST", "/workers", body)
    assert (reply.status, reply.text.startswith("Invalid batch.")) == (400, True)


async def test_a_list_of_delays_for_the_retries(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "500 No")
    jobs = {
        "name": "n",
        "data": {"x": 1},
        "opts": {"attempts": 3, "backoff": {"type": "delays", "delays": [1, 60_000]}},
    }
    assert (await client.call("POST", "/v1/queues/bulk/jobs", jobs)).status == 201
    await register(client, endpoint, {"size": 1})
    await until(lambda: _has_made(client, 2))
    assert (await job(client, 1))["delay"] == 60_000


async def _has_made(client: Client, attempts: int) -> bool:
    made: int = (await job(client, 1))["attemptsMade"]
    return made == attempts
