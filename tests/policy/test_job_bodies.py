from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.model.errors import InvalidInput
from corral.model.job import NewJob
from corral.policy.job_bodies import parse_job_args, parse_jobs

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
OPTION = st.sampled_from(
    ["delay", "priority", "attempts", "backoff", "lifo", "jobId", "deduplication", "repeat", "removeOnFail"]
)
JOBS = st.lists(
    st.fixed_dictionaries({"name": JSON | st.just("a")}, optional={"data": JSON, "opts": st.dictionaries(OPTION, JSON)})
    | JSON,
    max_size=4,
)


def refusal(body: bytes) -> str:
    with pytest.raises(InvalidInput) as refused:
        parse_jobs(body)
    return str(refused.value)


def test_no_jobs() -> None:
    assert parse_jobs(b"[]") == []


def test_jobs_keep_the_bytes_of_their_data() -> None:
    body = (
        b'[ {"name": "a", "data" :  {"x": 1.0,\t"y":"\\u00e9\xc3\xa9"} , "opts": {}}, {"data":"","name":"b","data":[]}]'
    )
    assert parse_jobs(body) == [
        NewJob("a", b'{"x": 1.0,\t"y":"\\u00e9\xc3\xa9"}', {"attempts": 0}),
        NewJob("b", b"[]", {"attempts": 0}),
    ]


@pytest.mark.parametrize("data", [b"1", b"-1.5", b'"x"', b"true", b"[]", b"{}", b"0.1", b"1e300"])
def test_any_truthy_data(data: bytes) -> None:
    assert parse_jobs(b'[{"name":"a","data":' + data + b"}]")[0].data == data


@pytest.mark.parametrize("data", [b"0", b'""', b"false", b"null", b"-0", b"0.0", b"0e5", b"0.000000000000"])
def test_falsy_data_is_refused(data: bytes) -> None:
    assert refusal(b'[{"name":"a","data":' + data + b"}]") == "data is required"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "Body must be an array"),
        (b"null", "Body must be an array"),
        (b'"abc"', "Body must be an array"),
        (b"[null]", "null is not a job"),
        (b"[5]", "name is required"),
        (b'["abc"]', "name is required"),
        (b"[[]]", "name is required"),
        (b"[{}]", "name is required"),
        (b'[{"name":"","data":1}]', "name is required"),
        (b'[{"name":0,"data":1,"x":1}]', "name is required"),
        (b'[{"name":"a"}]', "data is required"),
        (b'[{"name":"a","x":1}]', "data is required"),
        (b'[{"name":"a","data":1,"id":"5","1":1}]', "Unexpected field: 1"),
        (b'[{"name":"a","data":1,"id":"5","opts":{"x":1}}]', "Unexpected field: id"),
        (b'[{"name":"a","data":1,"opts":{"x":1}}]', "Unexpected field: opts.x"),
        (b'[{"name":{},"data":1}]', "Invalid name [object Object], must be a string"),
        (b'[{"name":true,"data":1}]', "Invalid name true, must be a string"),
    ],
)
def test_refused_bodies(body: bytes, reason: str) -> None:
    assert refusal(body) == reason


def test_the_first_failing_element_decides() -> None:
    good, no_name, extra = b'{"name":"a","data":1}', b'{"data":1}', b'{"name":"a","data":1,"x":1}'
    assert refusal(b"[%b,%b,%b]" % (good, no_name, extra)) == "name is required"
    assert refusal(b"[%b,%b,%b]" % (good, extra, no_name)) == "Unexpected field: x"


def test_what_bullmq_refuses_comes_after_all_elements() -> None:
    engine, no_data = b'{"name":"a","data":1,"opts":{"jobId":"5"}}', b'{"name":"b"}'
    assert refusal(b"[%b,%b]" % (engine, no_data)) == "data is required"
    assert refusal(b'[%b,{"name":{},"data":1}]' % engine) == "Custom Id cannot be integers"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[",
        b"[{]",
        b"nonsense",
        b'[{"name":"a","data":1}] x',
        b'[{"name":"a","data":NaN}]',
        b'[{"name":"a","data":1e999}]',
        b'[{"name":"a","data":{"x":[1E+999]}}]',
        b'[{"name":"a","data":1,"opts":{"delay":1e999}}]',
        b'[{"name":"a","data":1,"opts":{"delay":' + b"9" * 5000 + b"}}]",
        b'[{"name":"a","data":"\xff"}]',
        b'[{"name":"\xff","data":1}]',
        b'[{"name":"a","data":1,"opts":{"\xff":1}}]',
        b'[{"name":"a","data":"\xed\xa0\x80"}]',
        b'[{"name":"a","data":"\\ud800"}]',
        b'[{"name":"a","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b'[{"name":"a","data":1,"opts":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b'[{"name":"a","data":1,"opts":{"delay":' + b"[" * 800 + b"]" * 800 + b"}}]",
        b"[" * 100_000,
        b"\xef\xbb\xbf" * 5000 + b"[",
        b"\x00",
    ],
)
def test_what_is_no_sound_json_is_refused(body: bytes) -> None:
    assert len(refusal(body)) < 2000


def test_a_byte_order_mark_is_ignored() -> None:
    assert len(parse_jobs(b'\xef\xbb\xbf[{"name":"a","data":1}]')) == 1


def test_large_exponents_inside_strings_are_no_numbers() -> None:
    assert parse_jobs(b'[{"name":"a","data":"0e999","opts":{}}]')[0].data == b'"0e999"'
    assert parse_jobs(b'[{"name":"a","data":["1e999"]}]')[0].data == b'["1e999"]'


def test_numbers_are_names_too() -> None:
    assert parse_jobs(b'[{"name":5.0,"data":1},{"name":1e21,"data":{}}]')[0].name == "5"


def test_long_names_are_not_cut() -> None:
    name = "n" * 5000
    assert parse_jobs(b'[{"name":"%b","data":1}]' % name.encode())[0].name == name


def test_jobs_with_the_same_options_share_nothing() -> None:
    first, second = parse_jobs(b"[%b,%b]" % ((b'{"name":"a","data":1,"opts":{"attempts":3}}',) * 2))
    first.opts["jobId"] = "x"
    assert second.opts == parse_jobs(b'[{"name":"a","data":1,"opts":{"attempts":3}}]')[0].opts == {"attempts": 3}


def test_long_options() -> None:
    opts = {"jobId": "j" * 1000, "attempts": 3}
    assert parse_jobs(msgspec.json.encode([{"name": "a", "data": 1, "opts": opts}]))[0].opts == opts


@settings(max_examples=300)
@given(st.binary())
def test_any_bytes_are_jobs_or_refused(body: bytes) -> None:
    _parse(body)


@settings(max_examples=300)
@given(JOBS | JSON)
def test_any_json_is_jobs_or_refused(value: Any) -> None:
    _parse(msgspec.json.encode(value, enc_hook=str))


@settings(max_examples=200)
@given(JOBS, st.integers(0, 400), st.binary(max_size=3))
def test_any_damaged_body_is_jobs_or_refused(value: Any, at: int, damage: bytes) -> None:
    body = msgspec.json.encode(value)
    _parse(body[:at] + damage + body[at + len(damage) :])


def _parse(body: bytes) -> None:
    try:
        jobs = parse_jobs(body)
    except InvalidInput:
        return
    for job in jobs:
        assert job.data.decode()
        msgspec.json.decode(job.data, type=msgspec.Raw)
        msgspec.msgpack.encode(job.opts)
        assert next(iter(job.opts)) == "attempts"


@pytest.mark.parametrize(
    ("data", "stored"),
    [
        (msgspec.Raw(b'{"x": 1}'), b'{"x": 1}'),
        (b"[1]", b"[1]"),
        (msgspec.Raw(b"null"), b"null"),
        (msgspec.Raw(), b"null"),
        (None, b"null"),
        ({"x": [1, "é"]}, '{"x":[1,"é"]}'.encode()),
        ("", b'""'),
    ],
)
def test_arguments_take_any_data(data: Any, stored: bytes) -> None:
    assert parse_job_args("a", data, None) == NewJob("a", stored, {"attempts": 0})


def test_arguments_that_are_refused() -> None:
    for name, data in (({}, None), (None, None), ("a", msgspec.Raw(b'"\xff"')), ("a", object()), ("a", b"1e999")):
        with pytest.raises(InvalidInput):
            parse_job_args(name, data, None)


def test_an_empty_name_is_a_name_here() -> None:
    assert parse_job_args("", None, None).name == ""
