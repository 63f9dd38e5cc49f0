from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.sockets import ProxySocket, opened

STATES = {"active", "completed", "delayed", "failed", "paused", "prioritized", "waiting", "waiting-children"}


@pytest.fixture
async def mail(server: RunningServer) -> AsyncIterator[ProxySocket]:
    """The queue socket of the queue `mail`."""
    async with opened(server, "/queues/mail") as socket:
        yield socket


@pytest.mark.parametrize("id", [0, 7, -1, 1.5, "9", "5c0a6d5e-6ff6-4f0e-8d0f-1b7d2b0f5a3c", None, [1], {"a": 1}])
async def test_p63_the_id_is_echoed_as_it_came(mail: ProxySocket, id: Any) -> None:
    assert await mail.ask({"id": id, "data": {"fn": "pause", "args": []}}) == {"id": id, "data": {}}
    wrong = await mail.ask({"id": id, "data": {"fn": "nothing", "args": []}})
    assert (wrong["id"], wrong["data"].keys()) == (id, {"err"})


async def test_p63_without_an_id_the_answer_has_none(mail: ProxySocket) -> None:
    assert await mail.ask({"data": {"fn": "pause"}}) == {"data": {}}
    assert (await mail.ask({"data": {"fn": "nothing"}})).keys() == {"data"}


async def test_p63_large_numbers_keep_their_digits(mail: ProxySocket) -> None:
    await mail.tell('{"id": 123456789012345678901234567890, "data": {"fn": "pause"}}')
    assert await mail.connection.recv() == '{"id":123456789012345678901234567890,"data":{}}'


@pytest.mark.parametrize("args", [["welcome", {"to": "ann"}], ["welcome", {"to": "ann"}, None]])
async def test_p64_add_takes_two_arguments_or_null_options(mail: ProxySocket, client: Client, args: list[Any]) -> None:
    job = await mail.ok("add", *args)
    assert (job["id"], job["name"], job["data"]) == ("1", "welcome", {"to": "ann"})
    assert job["opts"] == {"attempts": 0}
    assert (await client.job("mail", "1"))["data"] == {"to": "ann"}


async def test_p64_add_takes_options(mail: ProxySocket, client: Client) -> None:
    options = {"jobId": "one", "attempts": 3, "backoff": 100, "priority": 2, "removeOnComplete": True}
    job = await mail.ok("add", "welcome", {"to": "ann"}, options)
    assert (job["id"], job["priority"], job["opts"]["backoff"]) == ("one", 2, {"type": "fixed", "delay": 100})
    await mail.ok("add", "later", {}, {"delay": 60_000})
    every = await mail.ok("add", "often", {}, {"repeat": {"every": 60_000}})
    assert every["id"].startswith("repeat:")
    assert (await client.counts("mail", "delayed"))["delayed"] >= 1


@pytest.mark.parametrize("data", [None, 0, "", False, [], "text", [1, {"a": None}], 1.25])
async def test_p64_data_is_any_json(mail: ProxySocket, client: Client, data: Any) -> None:
    assert (await mail.ok("add", "welcome", data, None))["data"] == data
    assert (await client.job("mail", "1"))["data"] == data


@pytest.mark.parametrize("args", [[], ["welcome"], ["a", 1, {}, 1], [None, {}], [{}, {}, {}]])
async def test_p64_other_arguments_are_refused(mail: ProxySocket, client: Client, args: list[Any]) -> None:
    assert (await mail.call("add", *args))["err"]["message"].startswith("Invalid message {")
    assert (await client.counts("mail"))["waiting"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobId": "12"}, "Custom Id cannot be integers"),
        ({"jobId": "a:b"}, "Custom Id cannot contain :"),
        ({"delay": -1}, "Invalid delay -1"),
    ],
)
async def test_p64_what_bullmq_refuses_is_refused(mail: ProxySocket, options: Any, message: str) -> None:
    assert await mail.call("add", "welcome", {}, options) == {"err": {"message": message, "stack": ""}}


async def test_p65_pause_and_resume_answer_without_ok(mail: ProxySocket, client: Client) -> None:
    await mail.ok("add", "welcome", {"to": "ann"})
    assert await mail.call("pause") == {}
    assert await client.counts("mail", "waiting") == {"waiting": 0, "paused": 1}
    assert await mail.call("pause", None) == {}
    assert await mail.call("resume") == {}
    assert await client.counts("mail", "waiting") == {"waiting": 1, "paused": 0}
    assert "err" in await mail.call("pause", 1)


@pytest.mark.parametrize(
    ("args", "ids"),
    [
        (["waiting"], ["3", "2", "1"]),
        (["waiting", 0, 1], ["3", "2"]),
        (["waiting", 0, 1, True], ["1", "2"]),
        (["waiting", 1, -1, False], ["2", "1"]),
        (["waiting", None, None, None], ["3", "2", "1"]),
        ([["delayed", "waiting"], 0, 0], ["4", "3"]),
        (["failed"], []),
        ([], ["4", "3", "2", "1"]),
    ],
)
async def test_p66_get_jobs(mail: ProxySocket, args: list[Any], ids: list[str]) -> None:
    for number in range(3):
        await mail.ok("add", "welcome", {"number": number})
    await mail.ok("add", "later", {}, {"delay": 60_000})
    assert [job["id"] for job in await mail.ok("getJobs", *args)] == ids


async def test_p66_get_jobs_shows_what_http_shows(mail: ProxySocket, client: Client) -> None:
    await mail.ok("add", "welcome", {"to": "ann"}, {"attempts": 2})
    assert await mail.ok("getJobs", "waiting", 0, 10, False) == [await client.job("mail", "1")]


async def test_p66_get_job_counts(mail: ProxySocket) -> None:
    await mail.ok("add", "welcome", {})
    await mail.ok("add", "later", {}, {"delay": 60_000})
    await mail.ok("add", "first", {}, {"priority": 1})
    every = await mail.ok("getJobCounts")
    assert every.keys() == STATES
    assert every == dict.fromkeys(STATES, 0) | {"waiting": 1, "delayed": 1, "prioritized": 1}
    assert await mail.ok("getJobCounts", "failed", "delayed") == {"failed": 0, "delayed": 1}
    assert await mail.ok("getJobCounts", "waiting", None) == {"waiting": 1, "paused": 0}
    assert (await mail.call("getJobCounts", "wrong"))["err"]["message"] == "Invalid status: wrong"


async def test_p66_get_workers_shows_who_waits_for_jobs(mail: ProxySocket, server: RunningServer) -> None:
    assert await mail.ok("getWorkers") == []
    async with opened(server, "/queues/mail/process/1"), opened(server, "/queues/other/process/1"):
        [worker] = await until(lambda: mail.ok("getWorkers"))
        assert worker["name"] == "mail"
        assert worker["addr"]
    await until(lambda: _none(mail))


async def test_p66_get_job_logs(mail: ProxySocket) -> None:
    await mail.ok("add", "welcome", {})
    for row in ("one", "two", "three"):
        await mail.ok("addJobLog", "1", row, None)
    assert await mail.ok("getJobLogs", "1") == {"logs": ["one", "two", "three"], "count": 3}
    assert await mail.ok("getJobLogs", "1", None, None) == {"logs": ["one", "two", "three"], "count": 3}
    assert await mail.ok("getJobLogs", "1", 1, 1) == {"logs": ["two"], "count": 3}
    assert await mail.ok("getJobLogs", "1", 0, 1, False) == {"logs": ["three", "two"], "count": 3}
    assert await mail.ok("getJobLogs", "none") == {"logs": [], "count": 0}


@pytest.mark.parametrize("fn", ["updateJobProgress", "jobProgress"])
@pytest.mark.parametrize("progress", [50, "half", {"progress": 50}, [], True])
async def test_p67_progress_is_any_json(mail: ProxySocket, client: Client, fn: str, progress: Any) -> None:
    await mail.ok("add", "welcome", {})
    assert await mail.call(fn, "1", progress) == {}
    assert (await client.job("mail", "1"))["progress"] == progress


async def test_p67_add_job_log_keeps_as_many_rows_as_it_says(mail: ProxySocket) -> None:
    await mail.ok("add", "welcome", {})
    assert await mail.ok("addJobLog", "1", "one") == 1
    assert await mail.ok("addJobLog", "1", {"log": "two"}, None) == 2
    assert await mail.ok("addJobLog", "1", {"step": 3}, 2) == 2
    assert await mail.ok("getJobLogs", "1") == {"logs": ["two", '{"step":3}'], "count": 2}


@pytest.mark.parametrize("fn", ["updateJobProgress", "addJobLog"])
async def test_p67_a_job_that_is_not_there(mail: ProxySocket, fn: str) -> None:
    err = (await mail.call(fn, "9", "x"))["err"]
    assert err["message"].startswith("Missing key for job 9.")
    assert err["stack"] == ""


@pytest.mark.parametrize(
    "message",
    [
        '{"id": 5, "data": {"fn": "shrink", "args": []}}',
        '{"id": 5, "data": {"fn": "add", "args": ["welcome"]}}',
        '{"id": 5, "data": {"fn": "add", "args": "welcome"}}',
        '{"id": 5, "data": {"args": []}}',
        '{"id": 5, "data": {"fn": 3}}',
        '{"id": 5, "data": "é"}',
        '{"id": 5}',
    ],
)
async def test_p68_errors_are_objects_with_message_and_stack(mail: ProxySocket, message: str) -> None:
    answer = await mail.ask(message)
    assert answer == {"id": 5, "data": {"err": {"message": f"Invalid message {message}", "stack": ""}}}


@pytest.mark.parametrize("message", ["[]", "5", "null", '"text"'])
async def test_p68_json_that_is_no_object_is_answered_without_an_id(mail: ProxySocket, message: str) -> None:
    assert await mail.ask(message) == {"data": {"err": {"message": f"Invalid message {message}", "stack": ""}}}


async def test_p68_an_engine_error_is_an_object_too(mail: ProxySocket, prefix: str, redis: Redis) -> None:
    redis.set(f"{prefix}:mail:wait", "no list")
    await mail.ok("add", "fine", {}, {"delay": 60_000})
    err = (await mail.call("getJobs", "waiting"))["err"]
    assert err["message"]
    assert err["stack"] == ""


@pytest.mark.parametrize("junk", ["", "{", "hello", b"\xff\xfe", b"\x00", "[" * 100_000])
async def test_p69_what_is_no_json_gets_no_answer_and_keeps_the_socket(mail: ProxySocket, junk: str | bytes) -> None:
    await mail.tell(junk)
    assert (await mail.ok("add", "welcome", {"to": "ann"}))["id"] == "1"


async def test_p69_binary_frames_are_read_and_answered_in_text(mail: ProxySocket) -> None:
    assert await mail.ask(b'{"id":1,"data":{"fn":"pause","args":[]}}') == {"id": 1, "data": {}}


async def _none(mail: ProxySocket) -> bool:
    return not await mail.ok("getWorkers")
