import asyncio
import json
from collections.abc import Iterator

import pytest
from redis import Redis

from corral.server.http.limits import Limits
from corral.server.ws.transport import WebSocket
from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.sockets import opened

MOST = Limits().buffered
MEGABYTE = 1_000_000


def backlogs(server: RunningServer) -> Iterator[int]:
    """What each open socket of the server has accepted and not passed on yet."""
    guests = server.process._server._service.guests
    return (guest.buffered for guest in guests if isinstance(guest, WebSocket))


async def test_p61_messages_are_compressed_when_the_client_can(server: RunningServer) -> None:
    async with opened(server, "/queues/mail") as socket:
        response = socket.connection.response
        assert response is not None
        assert "permessage-deflate" in response.headers["Sec-WebSocket-Extensions"]
        data = {"text": "é" * 100_000}
        assert (await socket.ok("add", "welcome", data))["data"] == data


async def test_p61_a_client_without_compression_and_a_server_without(server: RunningServer, serve: Serve) -> None:
    plain = await serve(compression=False)
    async with opened(server, "/queues/mail", compression=None) as one, opened(plain, "/queues/mail") as two:
        for socket in (one, two):
            response = socket.connection.response
            assert response is not None
            assert "Sec-WebSocket-Extensions" not in response.headers
            assert (await socket.ok("add", "welcome", "x" * 100_000))["data"] == "x" * 100_000


async def test_p63_many_requests_may_be_under_way(server: RunningServer, client: Client) -> None:
    async with opened(server, "/queues/mail") as socket:
        for id in range(5000):
            await socket.tell({"id": id, "data": {"fn": "add", "args": ["welcome", {"id": id}]}})
        answers = [await socket.hear() for _ in range(5000)]
    assert sorted(answer["id"] for answer in answers) == list(range(5000))
    assert all(answer["data"]["ok"]["data"]["id"] == answer["id"] for answer in answers)
    assert (await client.counts("mail"))["waiting"] == 5000


async def test_p66_large_answers_wait_until_the_client_reads(server: RunningServer, client: Client) -> None:
    """A burst of questions is no reason to cut a client off, nor to hold all the answers in memory."""
    await client.add("mail", {"name": "welcome", "data": "x" * MEGABYTE})
    async with opened(server, "/queues/mail", compression=None, max_size=None, max_queue=1) as socket:
        for id in range(30):
            await socket.tell({"id": id, "data": {"fn": "getJobs", "args": ["waiting"]}})
        await until(lambda: max(backlogs(server)) > 0)
        seen, most = set(), 0
        for _ in range(30):
            seen.add((await socket.hear())["id"])
            most = max(most, *backlogs(server))
        assert seen == set(range(30))
        assert most <= 2 * MEGABYTE


async def test_p70_the_largest_jobs_that_can_be_added_can_be_worked(server: RunningServer, client: Client) -> None:
    jobs = [{"name": "welcome", "data": chr(97 + n) * (9 * MEGABYTE)} for n in range(2)]
    for job in jobs:
        await client.add("mail", job)
    async with opened(server, "/queues/mail/process/2", compression=None, max_size=None) as worker:
        for job in jobs:
            id, payload = await worker.job()
            assert payload == job["data"]
            await worker.answer(id, result=len(payload))

        async def both() -> bool:
            return bool((await client.counts("mail"))["completed"] == 2)

        await until(both)


async def test_p73_who_does_not_read_events_is_cut_off(
    server: RunningServer, client: Client, prefix: str, redis: Redis
) -> None:
    path = "/queues/mail/events"
    async with opened(server, path, compression=None, max_queue=1) as slow, opened(server, path) as quick:
        for events in (slow, quick):
            await events.ok("on", "progress")
        most = 0
        for _ in range(200):
            redis.xadd(f"{prefix}:mail:events", {"event": "progress", "jobId": "1", "data": json.dumps("x" * 100_000)})
            assert (await quick.event())[0] == "progress"
            most = max(most, *backlogs(server))
        assert MOST / 2 < most < MOST + 200_000
        assert await slow.close_code() == 1013


@pytest.mark.parametrize(("size", "count"), [(100, 5000), (100_000, 200)])
async def test_p64_a_client_that_only_sends_is_not_read_for_ever(server: RunningServer, size: int, count: int) -> None:
    """Its answers pile up to a bound; then the server stops reading, and goes on when the client does."""
    request = json.dumps({"id": 1, "data": {"fn": "add", "args": ["welcome", "x" * size]}})
    async with opened(server, "/queues/mail", compression=None, max_queue=1) as socket:

        async def send() -> None:
            for _ in range(count):
                await socket.tell(request)

        sending = asyncio.create_task(send())
        await until(lambda: sending.done() or max(backlogs(server)) > 0)
        most = 0
        for _ in range(count):
            assert (await socket.hear())["data"]["ok"]["name"] == "welcome"
            most = max(most, *backlogs(server))
        await sending
    assert most <= MOST
