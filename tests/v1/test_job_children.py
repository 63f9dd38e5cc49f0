"""The children of a job in a flow."""

import pytest

from tests.acceptance.client import Client
from tests.v1.jobs import JOBS, completed, failed, held, made, places, refused, say


@pytest.fixture
async def family(client: Client, prefix: str) -> str:
    """What leads the names of jobs. Of the children of job 1, 2 has completed, 3 failed and 4 is to run."""
    parent = {"id": "1", "queue": f"{prefix}:mail"}
    await made(client, {"opts": {"delay": 60_000}})
    ignored = {"opts": {"parent": parent, "ignoreDependencyOnFailure": True}}
    await made(client, {"opts": {"parent": parent}}, ignored, {"opts": {"parent": parent}})
    done, broken = await held(client, 2)
    await completed(client, done, {"sum": 3})
    await failed(client, broken)
    return f"{prefix}:mail"


async def test_what_they_returned(client: Client, family: str) -> None:
    assert await say(client, "GET", "/1/children/values", status=200) == {f"{family}:2": {"sum": 3}}
    assert await say(client, "GET", "/4/children/values", status=200) == {}


async def test_why_they_failed(client: Client, family: str) -> None:
    assert await say(client, "GET", "/1/children/failures", status=200) == {f"{family}:3": "broken"}


async def test_what_became_of_each(client: Client, family: str) -> None:
    everything = {
        "processed": {f"{family}:2": {"sum": 3}},
        "unprocessed": [f"{family}:4"],
        "ignored": {f"{family}:3": "broken"},
        "failed": [],
    }
    assert await say(client, "GET", "/1/dependencies", status=200) == everything
    some = await say(client, "GET", "/1/dependencies?unprocessed=true&failed=true", status=200)
    assert some == {"unprocessed": [f"{family}:4"], "failed": []}


async def test_how_many_of_each(client: Client, family: str) -> None:
    counts = await say(client, "GET", "/1/dependencies/count", status=200)
    assert counts == {"processed": 1, "unprocessed": 1, "ignored": 1, "failed": 0}
    assert await say(client, "GET", "/1/dependencies/count?ignored=1", status=200) == {"ignored": 1}


async def test_many_come_in_pages(client: Client, prefix: str) -> None:
    await made(client, {"opts": {"delay": 60_000}})
    child = {"name": "c", "opts": {"parent": {"id": "1", "queue": f"{prefix}:mail"}}}
    await made(client, *[child] * 1000)
    page = await say(client, "GET", "/1/dependencies?unprocessed=true&limit=100", status=200)
    seen = set(page["unprocessed"])
    while "nextCursor" in page:
        page = await say(client, "GET", f"/1/dependencies?limit=100&cursor={page['nextCursor']}", status=200)
        seen |= set(page["unprocessed"])
    assert len(seen) == 1000


async def test_what_cannot_be(client: Client) -> None:
    await made(client, {})
    assert places(await client.call("GET", f"{JOBS}/1/dependencies?cursor=x")) == ["cursor"]
    assert places(await client.call("GET", f"{JOBS}/1/dependencies?limit=0")) == ["limit"]
    for path in ("dependencies", "dependencies/count", "children/values", "children/failures"):
        assert await refused(client, "GET", f"/repeat/{path}") == (404, "job-not-found")
