import asyncio
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

PATH = "/queues/mail/process"


@pytest.fixture
async def worker(server: RunningServer) -> AsyncIterator[ProxySocket]:
    """The worker socket of the queue `mail`, one job at a time."""
    async with opened(server, f"{PATH}/1") as socket:
        yield socket


async def ended(client: Client, job_id: str = "1", queue: str = "mail") -> Any:
    """The job when it has completed or failed."""

    async def look() -> Any:
        job = await client.job(queue, job_id)
        return job if "finishedOn" in job else None

    return await until(look)


async def test_p70_the_message_holds_the_payload_and_a_number_from_0(worker: ProxySocket, client: Client) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}}, {"name": "bye", "data": [1]})
    message = await worker.hear()
    assert message["id"] == 0
    assert (message["data"]["type"], message["data"]["payload"]) == ("process", {"to": "ann"})
    assert (message["data"]["job"]["id"], message["data"]["job"]["name"]) == ("1", "welcome")
    await worker.answer(0, result=None)
    assert await worker.job() == (1, [1])


async def test_p70_beside_the_payload_there_are_the_job_and_its_token(worker: ProxySocket, client: Client) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    data = (await worker.hear())["data"]
    assert (data["job"]["id"], data["job"]["name"], data["job"]["attemptsStarted"]) == ("1", "welcome", 1)
    reply = await client.call("POST", "/queues/mail/jobs/1/progress", 40, token=data["token"])
    assert (reply.status, (await client.job("mail", "1"))["progress"]) == (200, 40)


@pytest.mark.parametrize("data", [0, "", "text", [], {"a": [None]}, 1.5, False, None])
async def test_p70_the_payload_is_any_json(server: RunningServer, worker: ProxySocket, data: Any) -> None:
    async with opened(server, "/queues/mail") as queue:
        await queue.ok("add", "welcome", data)
    assert await worker.job() == (0, data)


@pytest.mark.parametrize(("concurrency", "most"), [("2", 2), ("1", 1), ("0", 1), ("abc", 1), ("3.9x", 3)])
async def test_p70_as_many_jobs_at_once_as_the_path_says(
    server: RunningServer, client: Client, concurrency: str, most: int
) -> None:
    await client.add("mail", *({"name": "welcome", "data": {"n": n}} for n in range(most + 1)))
    async with opened(server, f"{PATH}/{concurrency}") as worker:
        assert [(await worker.job())[0] for _ in range(most)] == list(range(most))
        assert (await client.counts("mail"))["active"] == most
        await worker.answer(most - 1, result=True)
        assert (await worker.job())[0] == most


@pytest.mark.parametrize("result", [None, 0, "", False, [], {"ok": True}, "sent", 1.25])
async def test_p71_a_result_completes_the_job(worker: ProxySocket, client: Client, result: Any) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    await worker.job()
    await worker.answer(0, result=result)
    job = await ended(client)
    assert (job["returnvalue"], "failedReason" in job) == (result, False)
    assert (await client.counts("mail"))["completed"] == 1


@pytest.mark.parametrize("err", [None, "", 0, False])
async def test_p71_a_result_with_an_empty_err_completes(worker: ProxySocket, client: Client, err: Any) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    await worker.job()
    await worker.answer(0, result="sent", err=err)
    assert (await ended(client))["returnvalue"] == "sent"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"err": "no such mailbox"}, "no such mailbox"),
        ({"err": {"message": "no such mailbox", "stack": "Error: no such mailbox\n  at x"}}, "no such mailbox"),
        ({"err": {"message": "no such mailbox"}}, "no such mailbox"),
        ({"err": {}, "result": 1}, ""),
        ({"err": "broken", "result": 1}, "broken"),
        ({"message": "no such mailbox", "stack": "at x"}, "no such mailbox"),
        ({"message": "no such mailbox"}, "no such mailbox"),
        ({}, ""),
        ({"err": ""}, ""),
        ({"err": [1, 2]}, "[1,2]"),
        ({"err": 5}, "5"),
    ],
)
async def test_p71_every_shape_of_error_fails_the_job(
    worker: ProxySocket, client: Client, answer: dict[str, Any], reason: str
) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    await worker.job()
    await worker.answer(0, **answer)
    job = await ended(client)
    assert (job["failedReason"], job["returnvalue"]) == (reason, None)
    assert len(job["stacktrace"]) == 1


async def test_p71_the_clients_stack_is_kept(worker: ProxySocket, client: Client) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    await worker.job()
    await worker.answer(0, err={"message": "broken", "stack": "Error: broken\n    at x.ts:1"})
    assert (await ended(client))["stacktrace"] == ["Error: broken\n    at x.ts:1"]


async def test_p71_a_failed_job_is_tried_again(worker: ProxySocket, client: Client) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}, "opts": {"attempts": 2}})
    await worker.job()
    await worker.answer(0, err="not now")
    assert await worker.job() == (1, {"to": "ann"})
    await worker.answer(1, result="sent")
    job = await ended(client)
    assert (job["returnvalue"], job["attemptsMade"]) == ("sent", 2)


@pytest.mark.parametrize(
    "junk", ["", "{", "[]", "5", '{"id":"x","data":{}}', '{"id":9,"data":{"result":1}}', '{"id":0}', b"\xff"]
)
async def test_p71_other_messages_change_nothing(worker: ProxySocket, client: Client, junk: str | bytes) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    await worker.job()
    await worker.tell(junk)
    await worker.answer(0, result="sent")
    await worker.answer(0, err="said twice")
    assert (await ended(client))["returnvalue"] == "sent"


async def test_p72_a_client_has_so_many_seconds_for_a_job(serve: Serve) -> None:
    server = await serve(worker_timeout=0.05)
    client = Client(server.port)
    async with opened(server, f"{PATH}/1") as worker:
        await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
        assert (await worker.job())[0] == 0
        job = await ended(client)
        assert (job["failedReason"], job["attemptsMade"]) == ("Timeout", 1)
        await worker.answer(0, result="too late")
        await client.add("mail", {"name": "welcome", "data": {"to": "bob"}})
        assert await worker.job() == (1, {"to": "bob"})
        assert (await client.job("mail", "1"))["failedReason"] == "Timeout"


def test_p72_the_time_is_that_of_the_original(server: RunningServer) -> None:
    assert server.settings.worker_timeout == 15


async def test_p72_jobs_of_a_client_that_leaves_fail(server: RunningServer, client: Client) -> None:
    await client.add("mail", {"name": "welcome", "data": {"n": 1}}, {"name": "welcome", "data": {"n": 2}})
    async with opened(server, f"{PATH}/2") as worker:
        await worker.job()
        await worker.job()
    for job_id in ("1", "2"):
        assert (await ended(client, job_id))["failedReason"] == "Connection closed"


async def test_p72_a_connection_that_breaks_counts_as_a_client_that_leaves(
    server: RunningServer, client: Client
) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}, "opts": {"attempts": 2}})
    async with opened(server, f"{PATH}/1") as worker:
        await worker.job()
        worker.connection.transport.abort()
        async with opened(server, f"{PATH}/1") as other:
            assert await other.job() == (0, {"to": "ann"})
            await other.answer(0, result="sent")
            assert (await ended(client))["attemptsMade"] == 2


async def test_p72_a_client_that_left_gets_no_more_jobs(
    server: RunningServer, client: Client, prefix: str, redis: Redis
) -> None:
    async with opened(server, f"{PATH}/1"), opened(server, "/queues/mail") as queue:
        await until(lambda: queue.ok("getWorkers"))
    async with opened(server, "/queues/mail") as queue:

        async def nobody() -> bool:
            return not await queue.ok("getWorkers")

        await until(nobody)
        await queue.ok("add", "welcome", {"to": "ann"})
    assert (await client.counts("mail"))["waiting"] == 1
    assert not redis.exists(f"{prefix}:mail:1:lock")


async def test_p72_a_job_that_was_never_sent_goes_back(serve: Serve, engine: RunningEngine) -> None:
    """The client leaves while the server's claim is on its way."""
    async with FaultProxy(str(engine.socket_path)) as network:
        server = await serve(f"redis://127.0.0.1:{network.port}", shutdown_timeout=5)
        client = Client(server.port)
        await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
        network.latency(0.1)
        async with opened(server, f"{PATH}/1"):
            pass

        async def started() -> bool:
            return bool((await client.job("mail", "1"))["attemptsStarted"])

        await until(started)
        network.latency(0)
        async with opened(server, f"{PATH}/1") as worker:
            assert await worker.job() == (0, {"to": "ann"})
            await worker.answer(0, result="sent")
            assert (await ended(client))["attemptsMade"] == 1


async def test_p72_when_the_server_stops_jobs_have_time_to_end(serve: Serve) -> None:
    server, other = await serve(), await serve()
    async with opened(server, f"{PATH}/2") as worker:
        await Client(other.port).add("mail", {"name": "welcome", "data": {"to": "ann"}})
        id, _ = await worker.job()
        stopping = asyncio.create_task(server.process.stop(5))
        await (await worker.connection.ping())  # the stop has begun when this is answered
        with pytest.raises(ConnectionError):
            await until(lambda: _refused(server))
        await worker.answer(id, result="sent")
        assert await worker.close_code() == 1001
        await stopping
    assert (await Client(other.port).job("mail", "1"))["returnvalue"] == "sent"


async def _refused(server: RunningServer) -> None:
    await Client(server.port).call("GET", "/")
