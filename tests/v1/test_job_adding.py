"""Adding jobs: one, many or the like of one that is there."""

import asyncio
from typing import Any

import pytest

from tests.acceptance.client import Client
from tests.v1.jobs import JOBS, completed, failed, held, made, places, refused, said, say, state

EVERY_OPTION = {
    "attempts": 3,
    "backoff": {"type": "exponential", "delay": 1000, "jitter": 0.5},
    "delay": 5000,
    "jobId": "mine",
    "keepLogs": 10,
    "lifo": True,
    "priority": 7,
    "removeOnComplete": {"count": 5, "age": 60},
    "removeOnFail": 100,
    "sizeLimit": 1000,
    "stackTraceLimit": 3,
    "telemetry": {"metadata": "trace", "omitContext": True},
    "timestamp": 1_700_000_000_000,
}


async def test_one_job(client: Client) -> None:
    reply = await client.call("POST", JOBS, {"name": "welcome", "data": {"to": "\u00e4"}})
    assert reply.status == 201
    assert reply.headers["location"] == f"{JOBS}/1"
    job = reply.json()
    assert (job["id"], job["name"], job["data"], job["opts"]) == ("1", "welcome", {"to": "\u00e4"}, {"attempts": 0})
    assert await say(client, "GET", "/1", status=200) == job | {"delay": 0, "stacktrace": []}


async def test_many_jobs(client: Client) -> None:
    assert await made(client, {}, {"opts": {"delay": 1000}}, {"data": None, "opts": None}) == ["1", "2", "3"]
    assert [await state(client, id) for id in ("1", "2")] == ["waiting", "delayed"]
    assert (await say(client, "GET", "/3", status=200))["data"] is None
    assert await say(client, "POST", "", [], status=201) == []


async def test_data_may_be_left_out(client: Client) -> None:
    assert (await say(client, "POST", "", {"name": "bare"}, status=201))["data"] == {}


async def test_every_option_is_kept(client: Client) -> None:
    await made(client, {"opts": EVERY_OPTION})
    assert (await say(client, "GET", "/mine", status=200))["opts"] == EVERY_OPTION


async def test_a_taken_id_gives_the_job_that_has_it(client: Client) -> None:
    held_id = {"opts": {"deduplication": {"id": "d", "ttl": 60_000}}}
    assert await made(client, {"opts": {"jobId": "a"}}, {"opts": {"jobId": "a"}}) == ["a", "a"]
    assert len(set(await made(client, held_id, held_id))) == 1


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b"{", ["#"]),
        (5, ["#"]),
        ({}, ["#"]),
        ({"name": ""}, ["#/name"]),
        ({"name": "n", "more": 1}, ["#"]),
        ([{"name": "n"}, {"name": 5}], ["#/1/name"]),
        ([{"name": "n", "opts": {"delay": -1}}], ["#/0/opts/delay"]),
        ([{"name": "n", "opts": {"delay": "1"}}], ["#/0/opts/delay"]),
        ([{"name": "n", "opts": {"nonsense": 1}}], ["#/0/opts"]),
        ({"name": "n", "opts": {"removeOnComplete": {"count": -1}}}, ["#/opts/removeOnComplete/count"]),
        ({"name": "n", "opts": {"jobId": "12"}}, ["#/opts/jobId"]),
        ({"name": "n", "opts": {"priority": 2**21}}, ["#/opts/priority"]),
        ({"name": "n", "data": [1, 2, 3], "opts": {"sizeLimit": 3}}, ["#/opts/sizeLimit"]),
        ({"name": "n", "opts": {"failParentOnFailure": True, "ignoreDependencyOnFailure": True}}, ["#/opts"]),
        (
            [{"name": "n", "opts": {"jobId": "1"}}, {"name": "n"}, {"name": "n", "opts": {"backoff": {"type": 1}}}],
            ["#/0/opts/jobId", "#/2/opts/backoff"],
        ),
        ([{"name": "n"}, {"name": "n", "opts": {"parent": {"id": "9", "queue": "bull:x"}}}], ["#/1/opts/parent"]),
    ],
    ids=str,
)
@pytest.mark.one_engine
async def test_a_refusal_points_to_what_is_wrong(client: Client, body: Any, pointers: list[str]) -> None:
    assert places(await client.call("POST", JOBS, body)) == pointers
    assert (await say(client, "GET", "", status=200))["jobs"] == []


async def test_a_child_of_a_job_that_is_there(client: Client, prefix: str) -> None:
    (parent,) = await made(client, {"opts": {"delay": 60_000}})
    (child,) = await made(client, {"opts": {"parent": {"id": parent, "queue": f"{prefix}:mail"}}})
    found = await say(client, "GET", f"/{parent}/dependencies", status=200)
    assert found["unprocessed"] == [f"{prefix}:mail:{child}"]


async def test_a_queue_name_is_checked(client: Client) -> None:
    assert said(await client.call("POST", "/v1/queues/x/jobs", {"name": "n"})) == (400, "invalid-input")
    assert said(await client.call("POST", JOBS, {"name": "n"}, token="wrong")) == (401, "unauthorized")


async def test_waiting_for_the_end_of_a_new_job(client: Client) -> None:
    async def work() -> None:
        await completed(client, (await held(client, wait=5))[0], {"sum": 3})
        await failed(client, (await held(client, wait=5))[0])

    working = asyncio.create_task(work())
    done = await client.call("POST", f"{JOBS}?wait=10", {"name": "n"})
    assert (done.status, done.headers["location"]) == (201, f"{JOBS}/1")
    assert {key: done.json()[key] for key in ("id", "state", "returnvalue")} == {
        "id": "1",
        "state": "completed",
        "returnvalue": {"sum": 3},
    }
    broken = await client.call("POST", f"{JOBS}?wait=10", {"name": "n", "opts": {"attempts": 1}})
    assert (broken.status, broken.json()["state"], broken.json()["failedReason"]) == (201, "failed", "broken")
    await working


async def test_a_wait_that_is_too_short(client: Client) -> None:
    reply = await client.call("POST", f"{JOBS}?wait=0.05", {"name": "n"})
    assert (reply.status, reply.headers["location"]) == (202, f"{JOBS}/1/result")
    assert (reply.json()["id"], reply.json()["state"]) == ("1", "waiting")


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "nan", ""])
async def test_a_wait_that_cannot_be(client: Client, wait: str) -> None:
    assert places(await client.call("POST", f"{JOBS}?wait={wait}", {"name": "n"})) == ["wait"]


async def test_only_one_job_can_be_waited_for(client: Client) -> None:
    assert places(await client.call("POST", f"{JOBS}?wait=1", [{"name": "n"}])) == ["wait"]


async def test_the_like_of_a_job(client: Client, prefix: str) -> None:
    (parent,) = await made(client, {"opts": {"delay": 60_000}})
    own = {"jobId": "mine", "delay": 5000, "parent": {"id": parent, "queue": f"{prefix}:mail"}}
    await made(client, {"name": "a", "data": [1], "opts": {"attempts": 3, "removeOnFail": True, **own}})
    reply = await client.call("POST", f"{JOBS}/mine/duplicate")
    assert reply.status == 201
    like = reply.json()
    assert reply.headers["location"] == f"{JOBS}/{like['id']}"
    assert (like["name"], like["data"], like["opts"]) == ("a", [1], {"attempts": 3, "removeOnFail": True})
    assert await state(client, like["id"]) == "waiting"
    changed = {"name": "b", "data": None, "opts": {"priority": 2, "attempts": 1}}
    other = await say(client, "POST", "/mine/duplicate", changed, status=201)
    assert (other["name"], other["data"]) == ("b", None)
    assert other["opts"] == {"attempts": 1, "removeOnFail": True, "priority": 2}


async def test_the_like_of_nothing(client: Client) -> None:
    assert await refused(client, "POST", "/9/duplicate") == (404, "job-not-found")
    await made(client, {})
    assert await refused(client, "POST", "/1/duplicate", {"opts": {"delay": -1}}) == (400, "invalid-input")
    assert await refused(client, "POST", "/1/duplicate", {"id": "x"}) == (400, "invalid-input")
