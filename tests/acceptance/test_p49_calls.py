"""The call that runs a job, and what its answer makes of the job."""

import time
from typing import Any

import pytest

from corral.testing.engines import free_port
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, hold, response

FIELDS = [
    "name",
    "data",
    "opts",
    "id",
    "progress",
    "returnvalue",
    "stacktrace",
    "delay",
    "priority",
    "attemptsStarted",
    "attemptsMade",
    "stalledCounter",
    "timestamp",
    "queueQualifiedName",
    "processedOn",
    "token",
]
NAME = {"name": "n", "data": {"x": 1}}


async def outcome(client: Client, endpoint: EndpointServer, answer: bytes, **target: Any) -> Any:
    """The job after the endpoint has answered its one call like this."""
    endpoint.script = lambda call: answer
    await client.register("orders", endpoint.url, **target)
    await client.add("orders", NAME)
    return await client.finished("orders", "1")


async def test_p49_the_call(client: Client, endpoint: EndpointServer, prefix: str) -> None:
    endpoint.script = hold
    headers = {"X-Key": "s3cret", "Content-Type": "application/vnd.api+json"}
    await client.register("orders", f"{endpoint.url}/a%20b?c=d&e", method="put", headers=headers)
    [added] = await client.add("orders", NAME)
    call = await endpoint.next()
    assert (call.method, call.target) == ("PUT", "/job/a%20b?c=d&e")
    assert (call.headers["x-key"], call.headers["content-type"]) == ("s3cret", "application/vnd.api+json")
    body = call.json()
    assert list(body) == ["job", "token"]
    assert list(body["job"]) == FIELDS
    owner, _, serial = body["token"].rpartition(":")
    assert (len(owner), owner.count("-"), serial.isdigit()) == (36, 4, True)
    assert body["job"] == added | {
        "stacktrace": [],
        "delay": 0,
        "attemptsStarted": 1,
        "processedOn": body["job"]["processedOn"],
        "token": body["token"],
    }
    assert body["job"]["queueQualifiedName"] == f"{prefix}:orders"
    assert added["timestamp"] <= body["job"]["processedOn"] <= time.time() * 1000


async def test_p49_json_is_the_content_type_unless_given(client: Client, endpoint: EndpointServer) -> None:
    await client.register("orders", endpoint.url, method="PATCH")
    await client.add("orders", NAME)
    call = await endpoint.next()
    assert (call.method, call.headers["content-type"]) == ("PATCH", "application/json")
    assert "authorization" not in call.headers


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
async def test_p49_redirects_are_followed(client: Client, endpoint: EndpointServer, status: str) -> None:
    moved, done = response(status=status, location="/moved"), response({"done": True})
    endpoint.script = lambda call: done if call.target == "/moved" else moved
    await client.register("orders", endpoint.url)
    await client.add("orders", NAME)
    assert (await client.finished("orders", "1"))["returnvalue"] == {"done": True}
    assert endpoint.seen[1].body == endpoint.seen[0].body


JSON = {"content_type": "application/json"}


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (response({"a": [1, None]}), {"a": [1, None]}),
        (response(b"null", **JSON), None),
        (response(b' "x" ', content_type="application/json; charset=utf-8"), "x"),
        (response(b"5", status="201 Created", **JSON), 5),
        (response(b"plain \xc3\xa9", content_type="text/plain"), "plain é"),
        (response(b'{"a":1}', content_type="text/plain"), '{"a":1}'),
        (response(b'{"a":1}'), '{"a":1}'),
        (response(b""), ""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        (response({"a": 1}, status="299 Whatever"), {"a": 1}),
    ],
)
async def test_p50_the_reply_is_the_return_value(
    client: Client, endpoint: EndpointServer, answer: bytes, value: Any
) -> None:
    job = await outcome(client, endpoint, answer)
    assert job["returnvalue"] == value
    assert "failedReason" not in job


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("500 Internal Server Error", "Internal Server Error"),
        ("400 Bad Request", "Bad Request"),
        ("404 Not Found", "Not Found"),
        ("418 I'm a teapot", "I'm a teapot"),
        ("503 ", "HTTP 503"),
        ("304 Not Modified", "Not Modified"),
    ],
)
async def test_p51_any_other_status_fails_the_job_with_its_phrase(
    client: Client, endpoint: EndpointServer, status: str, reason: str
) -> None:
    answer = response({"error": "ignored"}, status=status) if status[0] != "3" else response(status=status)
    job = await outcome(client, endpoint, answer)
    assert (job["failedReason"], job["returnvalue"], job["attemptsMade"]) == (reason, None, 1)
    assert await client.counts("orders", "completed,failed") == {"completed": 0, "failed": 1}


async def test_p51_the_job_has_as_many_attempts_as_it_says(client: Client, endpoint: EndpointServer) -> None:
    answers = iter([response(status="500 No"), response(status="502 Never"), response({"third": True})])
    endpoint.script = lambda call: next(answers)
    await client.register("orders", endpoint.url)
    await client.add("orders", NAME | {"opts": {"attempts": 5, "backoff": 5}})
    calls = await endpoint.take(3)
    assert len({call.token for call in calls}) == 3
    assert calls[1].job["failedReason"] == "No"
    ended = await client.finished("orders", "1")
    assert (ended["returnvalue"], ended["attemptsMade"], ended["attemptsStarted"]) == ({"third": True}, 3, 3)


ABORTED = "The operation was aborted."


async def test_p52_an_answer_has_three_seconds(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    body = {"queue": "orders", "endpoint": {"url": endpoint.url, "method": "POST"}}
    assert (await client.call("POST", "/workers", body)).status == 200
    begun = time.monotonic()
    await client.add("orders", NAME)
    await endpoint.next()
    assert (await client.finished("orders", "1"))["failedReason"] == ABORTED
    assert time.monotonic() - begun > 2.8


async def test_p52_a_timeout_of_its_own(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    await client.register("orders", endpoint.url, timeout=50)
    await client.add("orders", NAME)
    assert (await client.finished("orders", "1"))["failedReason"] == ABORTED
    assert (await client.counts("orders", "failed"))["failed"] == 1


async def test_p53_a_reply_that_is_not_the_json_it_says(client: Client, endpoint: EndpointServer) -> None:
    job = await outcome(client, endpoint, response(b'{"a":', **JSON))
    assert job["failedReason"]
    assert job["returnvalue"] is None


async def test_p53_no_reply_at_all(client: Client, endpoint: EndpointServer) -> None:
    job = await outcome(client, endpoint, b"")
    assert job["failedReason"]


async def test_p53_a_refused_connection(client: Client) -> None:
    await client.register("orders", f"http://127.0.0.1:{free_port()}/")
    await client.add("orders", NAME, NAME)
    for job_id in ("1", "2"):
        assert "refused" in (await client.finished("orders", job_id))["failedReason"].lower()


async def test_p53_a_host_that_does_not_exist(client: Client) -> None:
    await client.register("orders", "http://nobody.invalid/")
    await client.add("orders", NAME)
    assert (await client.finished("orders", "1"))["failedReason"]
