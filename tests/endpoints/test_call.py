import msgspec
import pytest

from corral.endpoints.call import EndpointCaller, encode_call
from corral.endpoints.http import HttpPool, Limits
from corral.model.endpoint import Endpoint, Target
from corral.model.job import ClaimedJob, Job
from corral.model.outcome import Completed, Failed, Outcome
from tests.endpoints.origin import HANG, SOON, Answer, Origin, reply, then_close

TOKEN = "34d7aaaa-0000-4000-8000-000000000000:1"
JOB = Job(
    name="n",
    data=msgspec.Raw(b'{"k": "\xc3\xbc"}'),
    opts={"attempts": 0},
    id="1",
    stacktrace=[],
    delay=0,
    attempts_started=1,
    timestamp=1,
    queue_qualified_name="bull:wq1",
    processed_on=2,
)
CLAIMED = ClaimedJob(JOB, TOKEN, 0)
BODY = (
    b'{"job":{"name":"n","data":{"k": "\xc3\xbc"},"opts":{"attempts":0},"id":"1","progress":0,'
    b'"returnvalue":null,"stacktrace":[],"delay":0,"priority":0,"attemptsStarted":1,"attemptsMade":0,"stalledCounter":0,'
    b'"timestamp":1,"queueQualifiedName":"bull:wq1","processedOn":2,"token":"%b"},"token":"%b"}'
) % (TOKEN.encode(), TOKEN.encode())


async def call(pool: HttpPool, target: Target) -> Outcome:
    return await EndpointCaller(Endpoint("wq1", target), pool)(CLAIMED)


async def outcome(pool: HttpPool, answer: Answer) -> Outcome:
    async with Origin(answer) as origin:
        return await call(pool, Target(origin.url, "POST"))


@pytest.mark.parametrize("token", [msgspec.UNSET, TOKEN])
def test_the_body_is_the_job_with_its_token_and_the_token(token: str | msgspec.UnsetType) -> None:
    assert encode_call(ClaimedJob(msgspec.structs.replace(JOB, token=token), TOKEN, 0)) == BODY


async def test_the_request(pool: HttpPool) -> None:
    async with Origin(reply()) as origin:
        await call(pool, Target(f"{origin.url}run?a=1", "pUt", {"X-Secret": "s"}))
        request = origin.requests[0]
        assert (request.method, request.target, request.body) == ("PUT", "/run?a=1", BODY)
        assert request.headers["content-type"] == "application/json"
        assert request.headers["x-secret"] == "s"


async def test_a_given_content_type_is_kept(pool: HttpPool) -> None:
    async with Origin(reply()) as origin:
        await call(pool, Target(origin.url, "POST", {"Content-Type": "application/vnd.x+json"}))
        assert origin.requests[0].headers["content-type"] == "application/vnd.x+json"


@pytest.mark.parametrize(
    ("body", "returned"),
    [
        (b'{"a":[1, 2.5, null]}', b'{"a":[1, 2.5, null]}'),
        (b'"text"', b'"text"'),
        (b"null", b"null"),
        (b" 1\n", b"1"),
        (b'\xef\xbb\xbf{"bom":1}', b'{"bom":1}'),
        ('"ü"'.encode(), '"ü"'.encode()),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
async def test_json_is_the_returned_value(pool: HttpPool, content_type: str, body: bytes, returned: bytes) -> None:
    assert await outcome(pool, reply(body, "201 Created", content_type=content_type)) == Completed(returned)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Unexpected end of JSON input"),
        (b" ", "Unexpected end of JSON input"),
        (b'{"a":', "Input data was truncated"),
        (b"oops", "JSON is malformed: invalid character (byte 0)"),
        (b"1 2", "JSON is malformed: trailing characters (byte 3)"),
        (b'"\xff"', "JSON is not valid UTF-8: invalid byte at 1"),
        (b"[" * 100_000, "JSON is nested too deeply"),
    ],
)
async def test_json_that_cannot_be_read_fails_the_job(pool: HttpPool, body: bytes, reason: str) -> None:
    assert await outcome(pool, reply(body, content_type="application/json")) == Failed(reason)


@pytest.mark.parametrize(
    ("answer", "returned"),
    [
        (reply(b"plain", content_type="text/plain"), b'"plain"'),
        (reply(b'{"a":1}'), b'"{\\"a\\":1}"'),
        (reply("ü\n".encode()), '"ü\\n"'.encode()),
        (reply(b"\xff"), '"\ufffd"'.encode()),
        (reply(b""), b'""'),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b'""'),
    ],
)
async def test_anything_else_is_returned_as_text(pool: HttpPool, answer: bytes, returned: bytes) -> None:
    assert await outcome(pool, answer) == Completed(returned)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("500 Internal Server Error", "Internal Server Error"),
        ("404 Not Found", "Not Found"),
        ("400 My Own Words", "My Own Words"),
        ("502 ", "HTTP 502"),
        ("304 Not Modified", "Not Modified"),
    ],
)
async def test_another_status_fails_the_job(pool: HttpPool, status: str, reason: str) -> None:
    answer = reply(b'{"ignored":1}', status, content_type="application/json")
    assert await outcome(pool, answer) == Failed(reason)


async def test_no_reply_in_time(pool: HttpPool) -> None:
    async with Origin(HANG) as origin:
        target = Target(origin.url, "POST", timeout=int(SOON * 1000))
        assert await call(pool, target) == Failed("The operation was aborted.")


@pytest.mark.parametrize(("given", "seconds"), [(msgspec.UNSET, 3.0), (0, 3.0), (1500, 1.5)])
async def test_the_timeout(pool: HttpPool, given: int | msgspec.UnsetType, seconds: float) -> None:
    target = Target("http://a/", "POST", timeout=given)
    assert EndpointCaller(Endpoint("wq1", target), pool).timeout == seconds


async def test_a_refused_connection(pool: HttpPool) -> None:
    async with Origin(reply()) as origin:
        pass
    assert await call(pool, Target(origin.url, "POST")) == Failed(f"connection refused by {origin.authority}")


async def test_a_connection_that_ends_early(pool: HttpPool) -> None:
    got = await outcome(pool, then_close(b""))
    assert isinstance(got, Failed)
    assert got.reason.endswith("closed the connection without a response")


async def test_a_reply_that_is_too_large() -> None:
    async with HttpPool(Limits(body=100)) as pool:
        assert await outcome(pool, reply(bytes(101))) == Failed("the response is larger than 100 bytes")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (Target("nowhere", "POST"), "Invalid URL nowhere"),
        (Target("http://a/", "POST", {"x": "a\r\nb"}), "Invalid value for header x"),
    ],
)
async def test_a_record_that_cannot_be_called_fails_each_job(pool: HttpPool, target: Target, reason: str) -> None:
    assert await call(pool, target) == Failed(reason)
