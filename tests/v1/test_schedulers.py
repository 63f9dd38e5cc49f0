"""Job schedulers over HTTP and the queue socket."""

import itertools
from typing import Any

import pytest

from corral.testing.server import RunningServer
from tests.acceptance.client import Client, Reply
from tests.acceptance.endpoint import EndpointServer
from tests.acceptance.sockets import opened

PLACE = "/v1/queues/reports/schedulers"
HOUR = 3_600_000


async def put(client: Client, key: str, body: Any) -> Reply:
    return await client.call("PUT", f"{PLACE}/{key}", body)


async def test_a_scheduler_from_its_making_to_its_end(client: Client) -> None:
    template = {"name": "report", "data": {"kind": "daily"}, "opts": {"attempts": 3}}
    repeat = {"pattern": "0 30 7 * * *", "tz": "Europe/Berlin", "limit": 10}
    reply = await put(client, "daily", {"repeat": repeat, "template": template})
    assert reply.status == 200, reply
    made = reply.json()
    scheduler, job = made["scheduler"], made["job"]
    assert job["id"] == f"repeat:daily:{scheduler['next']}"
    assert (job["name"], job["data"], job["repeatJobKey"]) == ("report", {"kind": "daily"}, "daily")
    assert scheduler["template"] == {"data": {"kind": "daily"}, "opts": {"attempts": 3}}
    assert {name: scheduler[name] for name in repeat} == repeat
    assert (scheduler["key"], scheduler["name"], scheduler["iterationCount"]) == ("daily", "report", 1)
    runs = scheduler["nextRuns"]
    assert (len(runs), runs[0]) == (5, scheduler["next"])
    assert {later - sooner for sooner, later in itertools.pairwise(runs)} <= {23 * HOUR, 24 * HOUR, 25 * HOUR}
    assert (await client.call("GET", f"{PLACE}/daily")).json() == scheduler
    assert (await client.call("GET", PLACE)).json() == {"schedulers": [scheduler], "nextCursor": None}
    assert (await client.call("GET", "/v1/queues/reports/scheduler-count")).json() == {"count": 1}
    assert (await client.call("DELETE", f"{PLACE}/daily")).json() == {"removed": True}
    assert (await client.call("DELETE", f"{PLACE}/daily")).json() == {"removed": False}
    gone = await client.call("GET", f"{PLACE}/daily")
    assert (gone.status, gone.json()["type"]) == (404, "/docs/problems#not-found")


async def test_defaults(client: Client) -> None:
    made = (await put(client, "every%20day", {"repeat": {"every": 24 * HOUR, "immediately": True}})).json()
    assert (made["scheduler"]["name"], made["job"]["data"]) == ("every day", {})
    assert "template" not in made["scheduler"]
    assert made["scheduler"]["every"] == 24 * HOUR


async def test_a_change_replaces_the_next_job(client: Client) -> None:
    await put(client, "s", {"repeat": {"pattern": "@hourly"}})
    await put(client, "s", {"repeat": {"pattern": "@daily"}})
    assert (await client.counts("reports", "delayed")) == {"delayed": 1}
    assert (await client.call("GET", f"{PLACE}/s")).json()["pattern"] == "@daily"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#"),
        ({"repeat": {}}, "#/repeat"),
        ({"repeat": {"every": 0}}, "#/repeat"),
        ({"repeat": {"every": -1}}, "#/repeat/every"),
        ({"repeat": {"every": 0.5}}, "#/repeat/every"),
        ({"repeat": {"every": 5, "pattern": "* * * * *"}}, "#/repeat"),
        ({"repeat": {"every": 5, "colour": 1}}, "#/repeat"),
        ({"repeat": {"pattern": "61 * * * *"}}, "#/repeat/pattern"),
        ({"repeat": {"pattern": "* * * * *", "tz": "Mars/Base"}}, "#/repeat/tz"),
        ({"repeat": {"every": 5, "limit": -1}}, "#/repeat/limit"),
        ({"repeat": {"every": 5, "limit": 0}}, "#/repeat"),
        ({"repeat": {"every": 5, "startDate": "soon"}}, "#/repeat/startDate"),
        ({"repeat": {"every": 5, "endDate": 1}}, "#/repeat/endDate"),
        ({"repeat": {"every": 5, "startDate": 5, "immediately": True}}, "#/repeat"),
        ({"repeat": {"pattern": "0 0 31 2 *"}}, "#/repeat/pattern"),
        ({"repeat": {"every": 5}, "template": {"name": ""}}, "#/template/name"),
        ({"repeat": {"every": 5}, "template": {"opts": {"delay": 5}}}, "#/template/opts/delay"),
        ({"repeat": {"every": 5}, "template": {"opts": {"jobId": "x"}}}, "#/template/opts/jobId"),
        ({"repeat": {"every": 5}, "template": {"opts": {"priority": -1}}}, "#/template/opts/priority"),
        ({"repeat": {"every": 5}, "template": {"options": {}}}, "#/template"),
    ],
)
@pytest.mark.one_engine
async def test_what_is_wrong_is_pointed_to(client: Client, body: Any, pointer: str) -> None:
    reply = await put(client, "s", body)
    assert (reply.status, reply.json()["type"]) == (400, "/docs/problems#invalid-input"), reply
    assert reply.json()["errors"][0]["pointer"] == pointer, reply.text
    assert (await client.call("GET", f"{PLACE}/s")).status == 404


async def test_pages(client: Client) -> None:
    for number in range(7):
        await put(client, f"s{number}", {"repeat": {"every": HOUR, "startDate": 4_000_000_000_000 + number // 3}})
    keys: list[str] = []
    query = "limit=3"
    while query:
        page = (await client.call("GET", f"{PLACE}?{query}")).json()
        keys += [one["key"] for one in page["schedulers"]]
        query = page["nextCursor"] and f"limit=3&cursor={page['nextCursor']}"
    assert keys == [f"s{number}" for number in range(7)]
    for bad in ("limit=0", "limit=1001", "cursor=junk", "cursor=", "asc=true"):
        reply = await client.call("GET", f"{PLACE}?{bad}")
        assert reply.status == 400, bad


async def test_its_jobs_run(client: Client, endpoint: EndpointServer) -> None:
    await client.register("reports", endpoint.url)
    await put(client, "s", {"repeat": {"every": 40, "limit": 3}, "template": {"name": "tick", "data": 5}})
    calls = await endpoint.take(3)
    assert [call.job["data"] for call in calls] == [5, 5, 5]
    await client.finished("reports", calls[-1].job["id"])
    assert (await client.call("GET", f"{PLACE}/s")).json()["nextRuns"] == []


async def test_the_functions_of_the_socket(server: RunningServer) -> None:
    async with opened(server, "/queues/reports") as queue:
        job = await queue.ok("upsertJobScheduler", "a", {"every": HOUR}, {"name": "n", "data": [1]})
        assert (job["name"], job["data"], job["opts"]["repeat"]["count"]) == ("n", [1], 1)
        await queue.ok("upsertJobScheduler", "b", {"pattern": "@yearly"})
        assert (await queue.ok("getJobScheduler", "a"))["every"] == HOUR
        assert [one["key"] for one in await queue.ok("getJobSchedulers")] == ["b", "a"]
        assert [one["key"] for one in await queue.ok("getJobSchedulers", 0, 0, True)] == ["a"]
        assert await queue.ok("getJobSchedulersCount") == 2
        assert await queue.ok("removeJobScheduler", "a") is True
        assert await queue.ok("removeJobScheduler", "a") is False
        for wrong in (("",), ("c", {}), ("c", {"every": 5, "x": 1}), ("c", {"every": "5"})):
            assert "err" in await queue.call("upsertJobScheduler", *wrong)
