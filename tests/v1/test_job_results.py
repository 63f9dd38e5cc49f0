"""Waiting for the end of a job that is there."""

import asyncio

from corral.testing.server import RunningServer
from tests.acceptance.client import Client, Reply
from tests.v1.jobs import JOBS, completed, failed, held, made, places, refused, say


async def asked(client: Client, job_id: str, wait: float) -> Reply:
    return await client.call("GET", f"{JOBS}/{job_id}/result?wait={wait}")


async def test_a_job_that_has_ended(client: Client) -> None:
    await made(client, {}, {})
    done, broken = await held(client, 2)
    await completed(client, done, {"sum": 3})
    await failed(client, broken)
    assert await say(client, "GET", "/1/result", status=200) == {
        "id": "1",
        "state": "completed",
        "returnvalue": {"sum": 3},
    }
    assert (await asked(client, "2", 5)).json() == {"id": "2", "state": "failed", "failedReason": "broken"}


async def test_a_job_that_ends_while_somebody_waits(client: Client) -> None:
    await made(client, {})
    waiting = asyncio.create_task(asked(client, "1", 8))
    await completed(client, (await held(client))[0])
    reply = await waiting
    assert (reply.status, reply.json()["returnvalue"]) == (200, "done")


async def test_a_job_that_takes_longer(client: Client) -> None:
    await made(client, {})
    reply = await asked(client, "1", 0.05)
    assert (reply.status, reply.headers["location"]) == (202, f"{JOBS}/1/result")
    assert reply.json() == {"id": "1", "state": "waiting"}
    assert (await client.call("GET", reply.headers["location"])).status == 202


async def test_a_job_that_is_not_there(client: Client) -> None:
    assert await refused(client, "GET", "/1/result") == (404, "job-not-found")
    assert await refused(client, "GET", "/meta/result?wait=5") == (404, "job-not-found")
    assert places(await asked(client, "1", -1)) == ["wait"]


async def test_a_server_that_stops_lets_nobody_wait(server: RunningServer, client: Client) -> None:
    await made(client, {})
    waiting = asyncio.create_task(asked(client, "1", 60))
    await asked(client, "1", 0.05)
    await server.process.stop(5)
    assert (await waiting).json() == {"id": "1", "state": "waiting"}
