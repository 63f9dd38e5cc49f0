from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.model.endpoint import Endpoint, Limiter, Target, WorkerOptions
from corral.model.errors import InvalidInput
from corral.policy.worker_bodies import decode_record, encode_record, parse_endpoint, parse_worker

URL = "http://127.0.0.1:3000/run?x=1"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OPTION = st.sampled_from(["concurrency", "limiter", "removeOnComplete", "removeOnFail", "maxStalledCount"])
BODY = st.fixed_dictionaries(
    {
        "queue": st.just("abc") | JSON,
        "endpoint": st.fixed_dictionaries(
            {"url": st.just(URL) | st.text() | JSON, "method": st.just("POST") | JSON},
            optional={"headers": st.dictionaries(st.text(), JSON), "timeout": JSON},
        ),
    },
    optional={"opts": st.dictionaries(OPTION, JSON)},
)


def worker(endpoint: dict[str, Any] | None = None, **fields: Any) -> bytes:
    target = {"url": URL, "method": "POST", **(endpoint or {})}
    return msgspec.json.encode({"queue": "abc", "endpoint": target, **fields})


def refusal(body: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        parse_worker(body, 3, 100)
    return str(refused.value)


def test_everything_given() -> None:
    body = (
        b'{"queue":"abc","endpoint":{"url":"https://h/x","method":"put","headers":{"X-A":"b","X-N":5},"timeout":9},'
        b'"opts":{"concurrency":5,"limiter":{"max":10,"duration":1000},"removeOnComplete":{"count":1,"age":2},'
        b'"removeOnFail":true,"maxStalledCount":2}}'
    )
    registration = parse_worker(body, 3, 100)
    assert registration.queue == "abc"
    assert registration.endpoint == Target("https://h/x", "PUT", {"X-A": "b", "X-N": "5"}, 9)
    assert registration.opts == WorkerOptions(5, Limiter(10, 1000), {"count": 1, "age": 2}, True, 2)
    assert encode_record(registration) == body
    assert decode_record(body) == Endpoint("abc", registration.endpoint, registration.opts)


def test_the_least() -> None:
    registration = parse_worker(worker(), 3, 100)
    assert registration.endpoint == Target(URL, "POST")
    assert registration.opts == WorkerOptions()


def test_the_record_keeps_the_order_and_says_no_nulls() -> None:
    body = b'{"opts":{"maxStalledCount":0,"concurrency":null},"endpoint":{"method":"POST","url":"http://h","timeout":5.0},"queue":"abc"}'
    assert encode_record(parse_worker(body, 3, 100)) == (
        b'{"opts":{"maxStalledCount":0},"endpoint":{"method":"POST","url":"http://h","timeout":5},"queue":"abc"}'
    )


def test_a_record_of_an_endpoint_that_nobody_posted() -> None:
    endpoint = Endpoint("abc", Target(URL, "POST", timeout=5), WorkerOptions(concurrency=2, limiter=Limiter(1, 2)))
    assert decode_record(encode_record(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"null", "null is not a worker"),
        (b"[]", "queue is required"),
        (b'"abc"', "queue is required"),
        (b'{"queue":""}', "queue is required"),
        (b'{"queue":"a","x":1}', "endpoint is required"),
        (b'{"queue":"a","endpoint":{},"x":1}', "Invalid field: x"),
        (b'{"queue":"ab","endpoint":{}}', "queue name must be at least 3 characters long"),
        (b'{"queue":"a:b","endpoint":{}}', "Queue name cannot contain :"),
        (b'{"queue":5,"endpoint":{}}', "Invalid queue 5, must be a string"),
        (b'{"queue":"abc","endpoint":{}}', "url is required"),
        (b'{"queue":"abc","endpoint":"abc"}', "url is required"),
        (b'{"queue":"abc","endpoint":{"url":"x","x":1}}', "method is required"),
        (worker({"url": "ftp://h", "method": "GET"}), "Invalid URL"),
        (worker({"method": "GET", "x": 1}), "Invalid HTTP method GET"),
        (worker({"method": {}}), "Invalid HTTP method [object Object]"),
        (worker({"x": 1, "timeout": -1}), "Invalid field: x"),
        (worker({"timeout": -1}, opts={"x": 1}), "Invalid timeout"),
        (worker(opts={"x": 1, "limiter": {"max": 0}}), "Invalid field: x"),
        (worker(opts={"limiter": {"duration": 0}, "concurrency": -1}), "Invalid limiter.max"),
        (worker(opts={"limiter": {"max": 1, "duration": 0}}), "Invalid limiter.duration"),
        (worker(opts={"limiter": 5}), "Invalid limiter.max"),
        (worker(opts={"concurrency": -1, "maxStalledCount": -1}), "Invalid maxStalledCount"),
        (worker(opts={"concurrency": 0}), "Invalid concurrency"),
        (worker(opts={"concurrency": 1.5}), "Invalid concurrency"),
        (worker(opts={"concurrency": 10_001}), "Invalid concurrency"),
        (worker(opts={"removeOnComplete": {"x": 1}, "concurrency": "1"}), "Invalid concurrency"),
        (worker(opts={"removeOnComplete": {"x": 1, "count": -1}}), "Invalid field: removeOnComplete.x"),
        (worker(opts={"removeOnComplete": {"age": -1, "count": -1}}), "Invalid removeOnComplete.count"),
        (worker(opts={"removeOnComplete": {"age": -1, "count": 0}}), "Invalid removeOnComplete.age"),
        (worker(opts={"removeOnFail": {"age": True}}), "Invalid removeOnFail.age"),
        (worker(opts={"removeOnFail": "yes"}), "Invalid field: removeOnFail.0"),
        (worker(opts={"removeOnFail": 1.5}), "Invalid removeOnFail"),
        (worker({"headers": 5}, opts={"concurrency": 0}), "Invalid concurrency"),
        (worker({"headers": 5}), "Invalid headers"),
    ],
)
def test_refused_in_this_order(body: bytes, reason: str) -> None:
    assert refusal(body) == reason


@pytest.mark.parametrize(
    "url", ["http://h", "https://h:8443/a b?c=d", "http://[::1]:80/", "HTTP://h", "http://bücher.example/é"]
)
def test_web_addresses(url: str) -> None:
    assert parse_worker(worker({"url": url}), 3, 100).endpoint.url == url


@pytest.mark.parametrize(
    "url",
    ["h", "/a", "http://", "http:///a", "http://h:99999", "http://[::1", "http://a b/", "file:///x", 5, ["http://h"]],
)
def test_no_web_addresses(url: Any) -> None:
    assert refusal(worker({"url": url})) == "Invalid URL"


@pytest.mark.parametrize(
    "headers",
    [
        {"a": "b\r\nc: d"},
        {"a b": "c"},
        {"a": "x" * 5000 + "\n"},
        {"a:": "b"},
        {"": "b"},
        {"a": None},
        {"a": []},
        {"a": "€"},
        ["a"],
    ],
)
def test_headers_that_cannot_be_sent(headers: Any) -> None:
    assert refusal(worker({"headers": headers})) == "Invalid headers"


@pytest.mark.parametrize("opts", [None, 0, "", [], 5, True, {}, {"concurrency": None, "limiter": 0, "removeOnFail": 0}])
def test_options_that_say_nothing(opts: Any) -> None:
    assert parse_worker(worker(opts=opts), 3, 100).opts == WorkerOptions()


def test_no_timeout_is_the_default() -> None:
    for timeout in (0, None, False):
        assert parse_worker(worker({"timeout": timeout}), 3, 100).endpoint.timeout is msgspec.UNSET


def test_an_endpoint_body() -> None:
    body = msgspec.json.encode(
        {"url": URL, "headers": {"A": "b"}, "opts": {"concurrency": 4, "rateLimit": {"max": 1, "duration": 2}}}
    )
    registration = parse_endpoint("abc", body, 3, 100)
    assert registration.endpoint == Target(URL, "POST", {"A": "b"})
    assert registration.opts == WorkerOptions(concurrency=4, limiter=Limiter(1, 2))
    again = parse_worker(encode_record(registration), 3, 100)
    assert (again.queue, again.endpoint, again.opts) == ("abc", registration.endpoint, registration.opts)


@pytest.mark.parametrize(
    ("queue", "body", "reason"),
    [
        ("ab", b"{}", "queue name must be at least 3 characters long"),
        ("abc", b"{}", "url is required"),
        ("abc", b"null", "url is required"),
        ("abc", b'{"url":"x"}', "Invalid URL"),
        ("abc", b'{"url":"http://h","method":"GET"}', "Invalid HTTP method GET"),
        ("abc", b'{"url":"http://h","queue":"x"}', "Invalid field: queue"),
        ("abc", b'{"url":"http://h","opts":{"rateLimit":{"max":0}}}', "Invalid limiter.max"),
        ("abc", b"{", "Body must be JSON: Input data was truncated"),
    ],
)
def test_refused_endpoint_bodies(queue: str, body: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_endpoint(queue, body, 3, 100)
    assert str(refused.value) == reason


@settings(max_examples=300)
@given(BODY | JSON)
def test_any_worker_is_registered_or_refused(value: Any) -> None:
    try:
        registration = parse_worker(msgspec.json.encode(value), 3, 100)
    except InvalidInput:
        return
    again = decode_record(encode_record(registration))
    assert (again.queue, again.endpoint, again.opts) == (registration.queue, registration.endpoint, registration.opts)


def test_stored_records_are_read_with_tolerance() -> None:
    record = (
        b'{"queue":"abc","endpoint":{"url":"http://h","method":"get","headers":null,"timeout":0,"x":1},'
        b'"opts":{"concurrency":0,"limiter":null,"removeOnComplete":"x","maxStalledCount":null,"lockDuration":5},"y":1}'
    )
    assert decode_record(record) == Endpoint("abc", Target("http://h", "GET"), WorkerOptions())


def test_the_hash_field_names_the_queue() -> None:
    assert decode_record(b'{"endpoint":{"url":"http://h"}}', "abc").queue == "abc"
    assert decode_record(b'{"queue":5,"endpoint":{"url":"http://h"}}', "5").queue == "5"


def test_a_stored_concurrency_has_a_limit() -> None:
    assert decode_record(b'{"endpoint":{"url":"u"},"opts":{"concurrency":1e9}}', "q").opts.concurrency == 10_000


@settings(max_examples=300)
@given(st.binary() | st.one_of(BODY, JSON).map(msgspec.json.encode))
def test_any_record_is_read_or_refused(record: bytes) -> None:
    try:
        decode_record(record, "abc")
    except InvalidInput:
        return
