import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis

from corral.testing.engines import RunningEngine
from corral.testing.fault_proxy import FaultProxy
from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.sockets import ProxySocket, opened

PATH = "/queues/mail/events"


@pytest.fixture
async def events(server: RunningServer) -> AsyncIterator[ProxySocket]:
    """An events socket of the queue `mail` that has subscribed to nothing yet."""
    async with opened(server, PATH) as socket:
        yield socket


async def ready(events: ProxySocket) -> None:
    """Wait until the server hears the queue's events; changes no subscription."""
    await events.ok("on")


@pytest.mark.parametrize("query", ["events=waiting,active", "events=waiting%2Cactive", "events=waiting&events=active"])
async def test_p73_events_are_chosen_in_the_query(server: RunningServer, client: Client, query: str) -> None:
    async with opened(server, f"{PATH}?{query}&token={server.token}") as events:
        await ready(events)
        async with opened(server, "/queues/mail/process/1") as worker:
            await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
            await worker.answer((await worker.job())[0], result=1)
            assert [(await events.event())[0] for _ in range(2)] == ["waiting", "active"]


async def test_p73_events_are_chosen_by_on_and_off(events: ProxySocket, client: Client) -> None:
    assert await events.call("on", "added", "waiting") == {}
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    assert [(await events.event())[0] for _ in range(2)] == ["added", "waiting"]
    assert await events.call("off", "waiting") == {}
    await client.add("mail", {"name": "welcome", "data": {"to": "bob"}}, {"name": "welcome", "data": {"to": "eve"}})
    assert [(await events.event())[0] for _ in range(2)] == ["added", "added"]


async def test_p73_nothing_is_sent_that_was_not_asked_for(
    events: ProxySocket, server: RunningServer, client: Client
) -> None:
    await ready(events)
    async with opened(server, f"{PATH}?events=added&token={server.token}") as other:
        await ready(other)
        await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
        await other.event()
    await events.ok("on", "added")
    await client.add("mail", {"name": "welcome", "data": {"to": "bob"}})
    assert (await events.event())[1][0]["jobId"] == "2"


async def test_p73_only_new_events_and_only_of_this_queue(server: RunningServer, client: Client) -> None:
    await client.add("mail", {"name": "old", "data": {"n": 1}})
    async with opened(server, PATH) as events:
        await events.ok("on", "added")
        await client.add("other", {"name": "foreign", "data": {"n": 2}})
        await client.add("mail", {"name": "new", "data": {"n": 3}})
        assert (await events.event())[1][0] == {"jobId": "2", "name": "new"}


async def test_p73_ids_count_from_0_and_every_client_hears_all(server: RunningServer, client: Client) -> None:
    async with opened(server, PATH) as one, opened(server, PATH) as two:
        for events in (one, two):
            await events.ok("on", "added")
        await client.add("mail", *({"name": "welcome", "data": {"n": n}} for n in range(3)))
        for events in (one, two):
            messages = [await events.hear() for _ in range(3)]
            assert [message["id"] for message in messages] == [0, 1, 2]
            assert [message["data"]["args"][0]["jobId"] for message in messages] == ["1", "2", "3"]


@pytest.mark.parametrize("junk", ["", "{", "[]", '{"data":{"args":["added"]}}', '{"data":{"fn":"on","args":7}}'])
async def test_p73_other_messages_change_nothing(events: ProxySocket, client: Client, junk: str) -> None:
    await events.ok("on", "added", 5, None)
    await events.tell(junk)
    assert (await events.call("once", "added"))["err"]["message"].startswith("Invalid message {")
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    assert (await events.event())[0] == "added"


async def test_p73_nothing_is_missed_while_the_engine_is_away(serve: Serve, engine: RunningEngine, prefix: str) -> None:
    async with FaultProxy(str(engine.socket_path)) as network:
        server, other = await serve(f"redis://127.0.0.1:{network.port}"), await serve()
        async with opened(server, PATH) as events:
            await events.ok("on", "added")
            network.refuse()
            network.drop()
            await Client(other.port).add("mail", {"name": "welcome", "data": {"to": "ann"}})
            network.accept()
            assert (await events.event())[1][0]["jobId"] == "1"


async def test_p74_the_life_of_a_job(events: ProxySocket, server: RunningServer, client: Client) -> None:
    await events.ok("on", "added", "waiting", "active", "progress", "completed", "drained")
    async with opened(server, "/queues/mail/process/1") as worker:
        await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
        message = await worker.hear()
        path = "/queues/mail/jobs/1/progress"
        await client.call("POST", path, {"sent": [1, None]}, token=message["data"]["token"])
        await worker.answer(0, result={"ok": True})
        heard = [await events.event() for _ in range(6)]
    assert [(name, args[:-1]) for name, args in heard] == [
        ("added", [{"jobId": "1", "name": "welcome"}]),
        ("waiting", [{"jobId": "1"}]),
        ("active", [{"jobId": "1", "prev": "waiting"}]),
        ("progress", [{"jobId": "1", "data": {"sent": [1, None]}}]),
        ("completed", [{"jobId": "1", "returnvalue": {"ok": True}, "prev": "active"}]),
        ("drained", []),
    ]
    places = [args[-1] for _, args in heard]
    assert all(isinstance(place, str) and place.count("-") == 1 for place in places)
    assert len(set(places)) == 6


async def test_p74_failures_and_retries(events: ProxySocket, server: RunningServer, client: Client) -> None:
    await events.ok("on", "delayed", "waiting", "failed", "retries-exhausted")
    async with opened(server, "/queues/mail/process/1") as worker:
        opts = {"attempts": 2, "backoff": {"type": "fixed", "delay": 1}}
        await client.add("mail", {"name": "welcome", "data": {"to": "ann"}, "opts": opts})
        for _ in range(2):
            await worker.answer((await worker.job())[0], err="no such mailbox")
        heard = [await events.event() for _ in range(5)]
    assert [name for name, _ in heard] == ["waiting", "delayed", "waiting", "failed", "retries-exhausted"]
    assert heard[1][1][0].keys() == {"jobId", "delay"}
    assert heard[2][1][0] == {"jobId": "1", "prev": "delayed"}
    assert heard[3][1][0] == {"jobId": "1", "failedReason": "no such mailbox", "prev": "active"}
    assert heard[4][1][0] == {"jobId": "1", "attemptsMade": "2"}


async def test_p74_events_of_the_queue_itself(events: ProxySocket, server: RunningServer, client: Client) -> None:
    await events.ok("on", "paused", "resumed", "delayed", "deduplicated", "duplicated")
    async with opened(server, "/queues/mail") as queue:
        await queue.ok("pause")
        await queue.ok("resume")
        await queue.ok("add", "welcome", {}, {"jobId": "one"})
        await queue.ok("add", "welcome", {}, {"jobId": "one"})
        await queue.ok("add", "welcome", {}, {"deduplication": {"id": "d"}})
        await queue.ok("add", "welcome", {}, {"deduplication": {"id": "d"}})
    heard = [await events.event() for _ in range(4)]
    assert [name for name, _ in heard] == ["paused", "resumed", "duplicated", "deduplicated"]
    assert heard[0][1][0] == {}
    assert heard[2][1][0] == {"jobId": "one"}
    assert heard[3][1][0]["deduplicationId"] == "d"


@pytest.mark.parametrize(
    ("fields", "args"),
    [
        ({"event": "completed", "jobId": "1", "returnvalue": "no json"}, {"jobId": "1", "returnvalue": "no json"}),
        ({"event": "progress", "jobId": "1", "data": "[" * 5000}, {"jobId": "1", "data": "[" * 5000}),
        ({"event": "custom-thing", "a": "b"}, {"a": "b"}),
    ],
)
async def test_p74_what_other_programs_write_is_passed_on(
    events: ProxySocket, redis: Redis, prefix: str, fields: Any, args: Any
) -> None:
    await events.ok("on", "completed", "progress", "custom-thing")
    redis.xadd(f"{prefix}:mail:events", fields)
    assert (await events.event())[1][0] == json.loads(json.dumps(args))


async def test_p74_who_leaves_is_forgotten(server: RunningServer, client: Client, prefix: str, redis: Redis) -> None:
    """The last listener takes the queue's reader along."""

    def readers() -> int:
        return sum(one["name"] == f"{prefix}:mail:qe" for one in redis.client_list())

    async with opened(server, PATH) as one, opened(server, PATH) as two:
        await ready(one)
        await ready(two)
        await until(lambda: readers() == 1)
    await until(lambda: readers() == 0)
