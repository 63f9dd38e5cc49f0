import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.model.errors import InvalidInput
from corral.policy.names import check_custom_id, check_queue_name, decode_segment, is_queue_key


@pytest.mark.parametrize("name", ["abc", "a" * 100, "{b}", "a b", "\U0001f600a", "a%2Fb"])
def test_queue_names_within_the_limits(name: str) -> None:
    check_queue_name(name, 3, 100)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ab", "queue name must be at least 3 characters long"),
        ("", "queue name must be at least 3 characters long"),
        ("é", "queue name must be at least 3 characters long"),
        ("a" * 101, "queue name must be at most 100 characters long"),
        ("\U0001f600" * 51, "queue name must be at most 100 characters long"),
        ("a:b", "Queue name cannot contain :"),
        ("a:", "queue name must be at least 3 characters long"),
        ("abc\ud800", "queue name must be valid Unicode"),
    ],
)
def test_refused_queue_names(name: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_queue_name(name, 3, 100)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        ("plain", "plain"),
        ("a%20b", "a b"),
        ("%7Bb%7d", "{b}"),
        ("a%2Fb%2fc", "a%2Fb%2fc"),
        ("%3A%3b%3F%40%26%3D%2B%24%2C%23", "%3A%3b%3F%40%26%3D%2B%24%2C%23"),
        ("100%25", "100%"),
        ("%C3%A9%E2%82%AC%F0%9F%98%80", "é€\U0001f600"),
        ("é%20", "é "),
    ],
)
def test_segments_decode_like_decode_uri(raw: str, decoded: str) -> None:
    assert decode_segment(raw) == decoded


@pytest.mark.parametrize("raw", ["%", "%2", "%zz", "%FF", "%C3", "%C3%2F", "%ED%A0%80", "%C3x%A9"])
def test_bad_escapes_are_refused(raw: str) -> None:
    with pytest.raises(InvalidInput):
        decode_segment(raw)


@given(st.text(alphabet="%0123456789abcdefABCDEF/é x"))
def test_no_segment_raises_anything_else(raw: str) -> None:
    try:
        decode_segment(raw)
    except InvalidInput:
        return


@pytest.mark.parametrize("job_id", ["a", "order-1", "007", "1.5", "12345678901234567891", "-0", "a:b:c", "wait-1"])
def test_custom_ids(job_id: str) -> None:
    check_custom_id(job_id)


@pytest.mark.parametrize(
    ("job_id", "reason"),
    [
        ("0", "Custom Id cannot be integers"),
        ("123", "Custom Id cannot be integers"),
        ("-5", "Custom Id cannot be integers"),
        ("12345678901234567000", "Custom Id cannot be integers"),
        ("NaN", "Custom Id cannot be integers"),
        ("a:b", "Custom Id cannot contain :"),
        ("a:b:c:d", "Custom Id cannot contain :"),
        ("0:a:b", "JobId cannot be '0' or start with 0:"),
        ("wait", "Custom Id cannot be wait"),
        ("metrics:completed:data", "Custom Id cannot be metrics:completed:data"),
        ("corral:x:y", "Custom Id cannot be corral:x:y"),
    ],
)
def test_refused_custom_ids(job_id: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_custom_id(job_id)
    assert str(refused.value) == reason


def test_a_queue_keeps_other_things_under_some_names() -> None:
    assert is_queue_key("events")
    assert not is_queue_key("1")
