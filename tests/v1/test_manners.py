"""What all native routes have in common: problems, methods, tags."""

import asyncio
from typing import Any

import pytest

from corral.testing.engines import free_port
from tests.acceptance.client import Client, Reply
from tests.acceptance.conftest import Serve

JOBS = "/v1/queues/polite/jobs"
ONE = f"{JOBS}/1"


async def add(client: Client) -> None:
    assert (await client.call("POST", JOBS, {"name": "n", "data": {"n": 1}})).status == 201


def problem(reply: Reply) -> dict[str, Any]:
    assert reply.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = reply.json()
    assert found["status"] == reply.status
    return found


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/queues/polite/nothing", "/v1/queues/"])
async def test_an_unknown_path_is_a_problem(client: Client, path: str) -> None:
    found = problem(await client.call("GET", path, token=None))
    assert (found["status"], found["type"]) == (404, "/docs/problems#not-found")


async def test_another_method_is_405_with_those_that_there_are(client: Client) -> None:
    reply = await client.call("PATCH", JOBS, token=None)
    assert (problem(reply)["type"], reply.headers["allow"]) == ("/docs/problems#method-not-allowed", "GET, HEAD, POST")
    reply = await client.call("POST", "/v1/events")
    assert (reply.status, reply.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["/v2/queues", "/nothing", "/queues/polite/nothing"])
async def test_other_paths_are_still_plain(client: Client, path: str) -> None:
    reply = await client.call("GET", path)
    assert (reply.status, reply.text) == (404, "Not found")


async def test_a_missing_token_says_which_kind_there_is(client: Client) -> None:
    reply = await client.call("GET", ONE, token=None)
    assert (problem(reply)["type"], reply.headers["www-authenticate"]) == ("/docs/problems#unauthorized", "Bearer")


async def test_a_body_that_is_too_large_is_a_problem(serve: Serve) -> None:
    client = Client((await serve(body_limit=1000)).port)
    found = problem(await client.call("POST", JOBS, {"name": "n", "data": "x" * 2000}))
    assert found["type"] == "/docs/problems#payload-too-large"
    plain = await client.call("POST", "/queues/polite/jobs", [{"name": "n", "data": "x" * 2000}])
    assert (plain.status, plain.text) == (413, "Payload too large")


async def test_head_is_a_get_without_the_body(client: Client) -> None:
    await add(client)
    got, headed = await client.call("GET", ONE), await client.call("HEAD", ONE)
    assert headed.status == 200
    assert headed.body == b""
    for name in ("etag", "content-length", "content-type"):
        assert headed.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("GET", "/v1/queues/a:b/jobs", None, {"parameter": "queue"}),
        ("GET", "/v1/queues/%GG%/jobs", None, {"parameter": "queue"}),
        ("GET", "/v1/queues/polite/priorities", None, {"parameter": "priorities"}),
        ("GET", f"{JOBS}?limit=many", None, {"parameter": "limit"}),
        ("GET", f"{JOBS}?addedFrom=null", None, {"parameter": "addedFrom"}),
        ("GET", f"{JOBS}?surprise=1", None, {"parameter": "surprise"}),
        ("POST", "/v1/queues/polite/pause?surprise=1", b"", {"parameter": "surprise"}),
        ("POST", JOBS, {"name": "a", "opts": {"repeat": {"every": 1000, "limit": 0}}}, {"pointer": "#/opts/repeat"}),
        ("POST", JOBS, b"{", {"pointer": "#"}),
        ("POST", JOBS, b'{"name": "\xff"}', {"pointer": "#"}),
        ("POST", JOBS, b'{"name":"n","data":' + b"[" * 100_000, {"pointer": "#"}),
        ("POST", JOBS, [{"name": "a"}, {"name": 5}], {"pointer": "#/1/name"}),
        ("POST", JOBS, [{"name": "a", "opts": {"delay": -1}}], {"pointer": "#/0/opts/delay"}),
        ("POST", JOBS, [{"name": "a", "opts": {"repeat": {"pattern": "x"}}}], {"pointer": "#/0/opts/repeat/pattern"}),
        ("PUT", f"{ONE}/delay", {"delay": "soon"}, {"pointer": "#/delay"}),
    ],
)
@pytest.mark.one_engine
async def test_what_is_wrong_is_pointed_to(client: Client, method: str, path: str, body: Any, where: Any) -> None:
    reply = await (client.call(method, path) if body is None else client.call(method, path, body))
    found = problem(reply)
    assert (found["status"], found["type"]) == (400, "/docs/problems#invalid-input")
    [first, *_] = found["errors"]
    assert first.items() >= where.items(), first


async def test_what_is_wrong_with_one_of_many_values_is_said_in_words(client: Client) -> None:
    found = problem(await client.call("GET", "/v1/queues/polite/counts?states=waiting,lost"))
    assert found["errors"] == [{"detail": "Invalid enum value 'lost'", "parameter": "states"}]


async def test_null_in_a_query_is_text(client: Client) -> None:
    for name in ("null", "other"):
        await client.call("POST", JOBS, {"name": name})
    found = (await client.call("GET", f"{JOBS}?name=null")).json()["jobs"]
    assert [job["name"] for job in found] == ["null"]


async def test_a_tag_saves_sending_again(client: Client) -> None:
    await add(client)
    etag = (await client.call("GET", ONE)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        reply = await client.call("GET", ONE, headers={"if-none-match": known})
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
    await client.call("PUT", f"{ONE}/progress", 5)
    reply = await client.call("GET", ONE, headers={"if-none-match": etag})
    assert reply.status == 200
    assert reply.headers["etag"] != etag
    missing = await client.call("GET", f"{JOBS}/99", headers={"if-none-match": "*"})
    assert missing.status == 404


async def test_a_queue_has_a_tag(client: Client) -> None:
    await add(client)
    etag = (await client.call("GET", "/v1/queues/polite")).headers["etag"]
    assert (await client.call("GET", "/v1/queues/polite", headers={"if-none-match": etag})).status == 304
    await add(client)
    assert (await client.call("GET", "/v1/queues/polite", headers={"if-none-match": etag})).status == 200


async def test_a_payload_is_replaced_only_as_it_was_read(client: Client) -> None:
    await add(client)
    etag = (await client.call("GET", ONE)).headers["etag"]
    writes = [client.call("PUT", f"{ONE}/data", {"by": n}, headers={"if-match": etag}) for n in range(5)]
    replies = await asyncio.gather(*writes)
    assert sorted(reply.status for reply in replies) == [204, 412, 412, 412, 412]
    late = next(reply for reply in replies if reply.status == 412)
    assert problem(late)["type"] == "/docs/problems#precondition-failed"
    assert (await client.call("PUT", f"{ONE}/data", 1, headers={"if-match": f"W/{etag}"})).status == 412
    assert (await client.call("PUT", f"{ONE}/data", 1, headers={"if-match": "*"})).status == 204
    assert (await client.call("PUT", f"{JOBS}/99/data", 1, headers={"if-match": "*"})).status == 404


async def test_an_engine_that_is_away_says_when_to_come_back(serve: Serve) -> None:
    client = Client((await serve(f"redis://127.0.0.1:{free_port()}")).port)
    reply = await client.call("GET", ONE)
    assert (problem(reply)["type"], reply.headers["retry-after"]) == ("/docs/problems#store-unavailable", "1")
