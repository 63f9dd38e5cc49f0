"""Listening: server-sent events and the native WebSocket, for one queue, many or all."""

import json
from typing import Any

import pytest
import websockets
from redis import Redis

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.v1.sse import listening


async def add(client: Client, queue: str, count: int = 1) -> None:
    body = [{"name": "n", "data": {"x": 1}}] * count
    assert (await client.call("POST", f"/queues/{queue}/jobs", body)).status == 200


async def complete_one(client: Client, queue: str, result: Any) -> None:
    leases = (await client.call("POST", f"/v1/queues/{queue}/leases", {"count": 1})).json()["leases"]
    item = {"id": leases[0]["job"]["id"], "token": leases[0]["token"], "result": result}
    assert (await client.call("POST", f"/v1/queues/{queue}/leases/complete", {"items": [item]})).status == 200


async def watched(server: RunningServer, queue: str) -> None:
    """The server's own reader of the queue is in place."""
    await until(lambda: server.process.feeds.watches(queue))


async def test_new_events_of_one_queue(client: Client, server: RunningServer) -> None:
    await add(client, "one")
    async with listening(client, "/v1/queues/one/events") as stream:
        await complete_one(client, "one", {"ok": [1]})
        active, completed = await stream.take(2)
    assert (active.event, active.data["data"]) == ("active", {"jobId": "1", "prev": "waiting"})
    assert completed.event == completed.data["event"] == "completed"
    assert completed.data["data"] == {"jobId": "1", "returnvalue": {"ok": [1]}, "prev": "active"}
    assert completed.data["queue"] == "one"
    assert completed.id == completed.data["id"]


async def test_only_the_events_and_jobs_that_were_asked_for(client: Client, server: RunningServer) -> None:
    async with listening(client, "/v1/queues/few/events?events=added,completed&jobs=2") as stream:
        await add(client, "few", 3)
        await complete_one(client, "few", 1)
        await complete_one(client, "few", 2)
        found = await stream.take(2)
    assert [(one.event, one.data["data"]["jobId"]) for one in found] == [("added", "2"), ("completed", "2")]


async def test_resuming_misses_nothing_and_repeats_nothing(client: Client, server: RunningServer) -> None:
    async with listening(client, "/v1/queues/again/events?events=added") as stream:
        await add(client, "again", 2)
        last = (await stream.take(2))[-1]
    await add(client, "again", 1500)
    async with listening(client, "/v1/queues/again/events?events=added", last_event_id=last.id) as stream:
        await add(client, "again", 1)
        found = await stream.take(1501)
    assert [one.data["data"]["jobId"] for one in found] == [str(number) for number in range(3, 1504)]


async def test_what_is_no_longer_stored_is_told(client: Client, redis: Redis, prefix: str) -> None:
    await add(client, "trim", 3)
    entries = redis.xrange(f"{prefix}:trim:events", count=1)
    assert entries
    oldest = str(entries[0][0])
    redis.xtrim(f"{prefix}:trim:events", maxlen=2, approximate=False)
    async with listening(client, f"/v1/queues/trim/events?after={oldest}") as stream:
        found = await stream.take(3)
    assert [one.event for one in found] == ["gap", "added", "waiting"]


async def test_many_queues_and_ones_that_come_later(client: Client) -> None:
    await add(client, "mail-a")
    await add(client, "other")
    async with listening(client, "/v1/events?queues=mail-*&events=added") as stream:
        await add(client, "mail-b")
        await add(client, "other")
        first = await stream.next()
    assert (first.data["queue"], first.data["data"]["jobId"]) == ("mail-b", "1")
    await add(client, "mail-a")
    await add(client, "mail-b")
    async with listening(client, f"/v1/events?queues=mail-*&events=added&after={first.id}") as stream:
        found = {(one.data["queue"], one.data["data"]["jobId"]) for one in await stream.take(1)}
    assert found == {("mail-b", "2")}


async def test_the_websocket_says_the_same(client: Client, server: RunningServer) -> None:
    await add(client, "sock")
    url = f"{server.ws_url}/v1/queues/sock/events?events=added&after=0-0&token={server.token}"
    async with websockets.connect(url) as socket:
        message = json.loads(await socket.recv())
    assert (message["event"], message["queue"], message["data"]["jobId"]) == ("added", "sock", "1")


async def test_the_websocket_wants_a_token(server: RunningServer) -> None:
    async with websockets.connect(f"{server.ws_url}/v1/events") as socket:
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


@pytest.mark.parametrize("path", ["/v1/queues/one/events?after=x", "/v1/events?after=x", "/v1/events?surprise=1"])
async def test_bad_parameters_are_400(client: Client, path: str) -> None:
    reply = await client.call("GET", path)
    assert reply.status == 400
    assert reply.json()["errors"][0]["parameter"] in ("after", "surprise")


async def test_many_listeners_cost_one_reader(client: Client, server: RunningServer, redis: Redis) -> None:
    async with listening(client, "/v1/queues/busy/events") as one, listening(client, "/v1/queues/busy/events") as two:
        await watched(server, "busy")
        readers = [found for found in redis.client_list() if found["name"].endswith(":busy:qe")]
        await until(lambda: any(found["name"].endswith(":busy:qe") for found in redis.client_list()))
        await add(client, "busy")
        assert (await one.next()).id == (await two.next()).id
    assert len(readers) <= 1
