"""What became of each attempt of a job."""

from typing import Any

from tests.acceptance.client import Client

LEASES = "/v1/queues/tries/leases"
ONE = "/v1/queues/tries/jobs/1/attempts"


async def begin(client: Client) -> dict[str, Any]:
    [lease] = (await client.call("POST", LEASES, {})).json()["leases"]
    return {"id": lease["job"]["id"], "token": lease["token"]}


async def attempts(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = (await client.call("GET", ONE)).json()
    return found


async def test_failed_running_and_completed(client: Client) -> None:
    body = {"name": "n", "data": {}, "opts": {"attempts": 3}}
    assert (await client.call("POST", "/v1/queues/tries/jobs", body)).status == 201
    assert await attempts(client) == {"attempts": [], "made": 0, "started": 0, "allowed": 3}
    await client.call("POST", f"{LEASES}/fail", {"items": [{**await begin(client), "reason": "broken"}]})
    held = await begin(client)
    found = await attempts(client)
    assert [(one["number"], one["outcome"]) for one in found["attempts"]] == [(1, "failed"), (2, "running")]
    assert found["attempts"][0]["trace"] == "Error: broken"
    await client.call("POST", f"{LEASES}/complete", {"items": [held]})
    found = await attempts(client)
    assert (found["made"], found["started"]) == (2, 2)
    last = found["attempts"][1]
    assert (last["number"], last["outcome"]) == (2, "completed")
    assert last["endedAt"] >= last["startedAt"]


async def test_the_last_failure_has_its_times(client: Client) -> None:
    await client.call("POST", "/v1/queues/tries/jobs", {"name": "n", "data": {}})
    await client.call("POST", f"{LEASES}/fail", {"items": [{**await begin(client), "reason": "for good"}]})
    [only] = (await attempts(client))["attempts"]
    assert (only["outcome"], only["number"]) == ("failed", 1)
    assert only["endedAt"] >= only["startedAt"]


async def test_a_job_that_does_not_exist(client: Client) -> None:
    assert (await client.call("GET", ONE)).status == 404
