"""Jobs that are added with metadata, and found by it."""

from typing import Any

import pytest

from tests.acceptance.client import Client

JOBS, SEARCH = "/v1/queues/mail/jobs", "/v1/jobs/search"


async def add(client: Client, *metadata: dict[str, Any] | None, queue: str = "mail", **opts: Any) -> list[str]:
    jobs = [{"name": "n", "opts": opts, **({} if one is None else {"metadata": one})} for one in metadata]
    reply = await client.call("POST", f"/v1/queues/{queue}/jobs", jobs)
    assert reply.status == 201, reply
    return [job["id"] for job in reply.json()]


async def find(client: Client, **asked: Any) -> Any:
    reply = await client.call("POST", SEARCH, asked)
    assert reply.status == 200, reply
    return reply.json()


async def ids(client: Client, **metadata: Any) -> list[str]:
    return [one["job"]["id"] for one in (await find(client, metadata=metadata))["jobs"]]


async def test_jobs_are_found_by_their_metadata(client: Client) -> None:
    first, second, third = await add(client, {"to": "ada", "n": 1}, {"to": "bob", "n": 2}, {"to": "ada", "n": 30})
    (other,) = await add(client, {"to": "ada", "n": 4}, queue="images")
    await add(client, None)
    assert sorted(await ids(client)) == sorted([first, second, third, other])
    assert await ids(client, to="bob") == [second]
    assert await ids(client, to="ada", n=30) == [third]
    assert await ids(client, n={"in": [2, "30"]}) == [third, second]
    assert await ids(client, n={"gte": 2, "lt": 30}) == [other, second]
    assert await ids(client, to={"prefix": "b"}) == [second]
    found = await find(client, metadata={"to": "ada"}, queues=["images"], states=["waiting"])
    (one,) = found["jobs"]
    assert (one["queue"], one["state"], one["application"], found["nextCursor"]) == (
        "images",
        "waiting",
        "master",
        None,
    )
    assert (one["metadata"], one["job"]["name"]) == ({"to": "ada", "n": 4}, "n")
    later = await find(client, submittedFrom=one["submittedAt"] + 60_000)
    assert later["jobs"] == []


async def test_pages_follow_each_other(client: Client) -> None:
    added = await add(client, *({"x": n % 2} for n in range(25)))
    found: list[str] = []
    cursor = None
    while True:
        page = await find(client, metadata={"x": 0}, limit=5, cursor=cursor)
        found += [one["job"]["id"] for one in page["jobs"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert found == added[::-2]


async def test_ids_that_are_taken_keep_their_cards(client: Client) -> None:
    assert await add(client, {"x": 1}, jobId="mine") == ["mine"]
    assert await add(client, {"x": 2}, jobId="mine") == ["mine"]
    (first,) = await add(client, {"y": 1}, deduplication={"id": "d"})
    assert await add(client, {"y": 2}, deduplication={"id": "d"}) == [first]
    assert (await ids(client, x=1), await ids(client, x=2)) == (["mine"], [])
    assert (await ids(client, y=1), await ids(client, y=2)) == ([first], [])


async def test_jobs_that_cannot_be_added_leave_no_card(client: Client) -> None:
    body = [{"name": "n", "metadata": {"x": 1}}, {"name": "n", "opts": {"parent": {"id": "9", "queue": "no:no"}}}]
    assert (await client.call("POST", JOBS, body)).status == 400
    assert await ids(client, x=1) == []


@pytest.mark.parametrize(
    "metadata", [{"x": {"in": []}}, {"x": {"gt": True}}, {"x": {"prefix": 1}}, {"x": [1]}, {"x": {"near": 1}}, "x"]
)
async def test_conditions_that_make_no_sense_are_refused(client: Client, metadata: Any) -> None:
    reply = await client.call("POST", SEARCH, {"metadata": metadata})
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")
    assert reply.json()["errors"][0]["pointer"].startswith("#/metadata")


async def test_metadata_that_are_too_much_are_refused(client: Client) -> None:
    for metadata in ({f"m{n}": n for n in range(65)}, {"x": "y" * 70_000}):
        reply = await client.call("POST", JOBS, [{"name": "n", "metadata": metadata}])
        assert (reply.status, reply.json()["errors"][0]["pointer"]) == (400, "#/0/metadata")
    assert (await client.call("POST", SEARCH, {"cursor": "x"})).status == 400
