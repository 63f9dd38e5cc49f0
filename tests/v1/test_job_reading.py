"""Looking at jobs: one, many by id, and pages of a search."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.acceptance.client import Client
from tests.v1.jobs import JOBS, completed, failed, held, made, places, refused, say, state


async def listed(client: Client, query: str = "") -> list[str]:
    """The ids on all pages."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await say(client, "GET", f"?{query}{'&cursor=' + cursor if cursor else ''}", status=200)
        found += [job["id"] for job in page["jobs"]]
        cursor = page["nextCursor"]
    return found


async def test_one_job(client: Client) -> None:
    await made(client, {"name": "a", "data": {"b": [1]}, "opts": {"delay": 5}})
    job = await say(client, "GET", "/1", status=200)
    assert (job["id"], job["name"], job["data"], job["delay"]) == ("1", "a", {"b": [1]}, 5)
    for id in ("2", "meta", "wait", "lookup", "1:lock", "%20"):
        assert await refused(client, "GET", f"/{id}") == (404, "job-not-found")


async def test_the_state_of_a_job(client: Client) -> None:
    await made(client, {}, {}, {}, {"opts": {"delay": 9999}}, {"opts": {"priority": 1}}, {})
    done, broken, _ = await held(client, 3)
    await completed(client, done)
    await failed(client, broken)
    states = [await state(client, id) for id in "123456"]
    assert states == ["completed", "failed", "active", "delayed", "prioritized", "waiting"]
    assert await refused(client, "GET", "/7/state") == (404, "job-not-found")


async def test_many_jobs_by_id(client: Client) -> None:
    await made(client, {}, {}, {"opts": {"jobId": "a/b"}})
    found = await say(client, "POST", "/lookup", {"ids": ["a/b", "9", "1", "1", "meta"]}, status=200)
    assert [job["id"] for job in found["jobs"]] == ["a/b", "1"]
    assert found["missing"] == ["9", "meta"]


async def test_a_job_may_be_called_like_a_route(client: Client) -> None:
    await made(client, {"opts": {"jobId": "lookup", "delay": 9999}})
    assert (await say(client, "GET", "/lookup", status=200))["id"] == "lookup"
    await say(client, "POST", "/lookup/promote")


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": [1]}, {"ids": "1"}, {"ids": ["1"] * 1001}, [], None, b""])
async def test_ids_that_cannot_be(client: Client, body: Any) -> None:
    assert await refused(client, "POST", "/lookup", body) == (400, "invalid-input")


async def test_pages_of_all_jobs(client: Client) -> None:
    await made(client, *[{}] * 5, *[{"opts": {"delay": 9999}}] * 3, *[{"opts": {"priority": 1}}] * 3)
    done, broken, _ = await held(client, 3)
    await completed(client, done)
    await failed(client, broken)
    everything = ["5", "4", "3", "11", "10", "9", "8", "7", "6", "1", "2"]
    for limit in (1, 2, 100):
        assert await listed(client, f"limit={limit}") == everything
    page = await say(client, "GET", "?limit=1&state=failed", status=200)
    assert (page["jobs"][0]["state"], page["jobs"][0]["failedReason"]) == ("failed", "broken")


async def test_a_search(client: Client) -> None:
    await made(client, {"name": "a b"}, {"name": "c"}, {"name": "a b", "opts": {"delay": 9999, "jobId": "x-1"}})
    assert await listed(client, "state=waiting,delayed") == ["2", "1", "x-1"]
    assert await listed(client, "state=waiting&state=delayed&order=asc") == ["1", "2", "x-1"]
    assert await listed(client, f"name={quote('a b')}") == ["1", "x-1"]
    assert await listed(client, "idPrefix=x-") == ["x-1"]
    at = (await say(client, "GET", "/1", status=200))["timestamp"]
    assert await listed(client, f"addedTo={at}") == []
    assert await listed(client, f"addedFrom={at}&limit=1") == ["2", "1", "x-1"]
    assert await listed(client, f"finishedFrom={at}") == []
    (lease,) = await held(client)
    await completed(client, lease)
    assert await listed(client, f"finishedFrom={at}") == [lease["id"]]
    assert await listed(client, f"finishedTo={at}") == []


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("state=gone", "state"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("order=up", "order"),
        ("name=", "name"),
        ("addedFrom=-1", "addedFrom"),
        ("addedFrom=yesterday", "addedFrom"),
        ("finishedTo=1e300", "finishedTo"),
        ("cursor=", "cursor"),
        ("cursor=abc", "cursor"),
        ("cursor=%C3%A4", "cursor"),
        ("queue=other", "queue"),
        ("start=1", "start"),
    ],
)
@pytest.mark.one_engine
async def test_a_search_that_cannot_be(client: Client, query: str, place: str) -> None:
    assert places(await client.call("GET", f"{JOBS}?{query}")) == [place]


async def test_a_cursor_is_for_its_own_search(client: Client) -> None:
    await made(client, {}, {})
    cursor = (await say(client, "GET", "?limit=1&state=waiting", status=200))["nextCursor"]
    assert places(await client.call("GET", f"{JOBS}?limit=1&state=active&cursor={cursor}")) == ["cursor"]
    page = await say(client, "GET", f"?limit=7&state=waiting&cursor={cursor}", status=200)
    assert [job["id"] for job in page["jobs"]] == ["1"]
