from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.model.job import Job
from corral.model.outcome import Completed, Failed
from corral.policy.backoff import retry_delay, should_retry

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def delay(backoff: Any, made: int = 1, attempts: Any = 10, **kwargs: Any) -> int | None:
    return retry_delay({"attempts": attempts, "backoff": backoff}, made, **kwargs)


def test_without_backoff_the_next_attempt_is_at_once() -> None:
    assert retry_delay({"attempts": 2}, 1) == 0


@pytest.mark.parametrize("attempts", [0, 1, 3, None, "5"])
def test_no_attempt_is_left(attempts: Any) -> None:
    assert delay(None, 3, attempts) is None


def test_fixed() -> None:
    assert [delay({"type": "fixed", "delay": 500}, made) for made in (1, 2, 3)] == [500, 500, 500]


def test_exponential() -> None:
    assert [delay({"type": "exponential", "delay": 100}, made) for made in (1, 2, 3, 4)] == [100, 200, 400, 800]
    assert delay({"type": "exponential", "delay": 0.5}, 1) == 1
    assert delay({"type": "exponential", "delay": 1000}, 5000, 10_000) == 2**53


@pytest.mark.parametrize("backoff", [{"type": "fixed"}, {"type": "exponential"}, {"type": "mine"}, {}, "fixed", []])
def test_without_a_delay_it_is_at_once(backoff: Any) -> None:
    assert delay(backoff) == 0


def test_jitter_takes_off_up_to_its_share() -> None:
    fixed = {"type": "fixed", "delay": 1000, "jitter": 0.25}
    assert delay(fixed, random=lambda: 0.0) == 750
    assert delay(fixed, random=lambda: 0.5) == 875
    doubled = {"type": "exponential", "delay": 1000, "jitter": 1}
    assert delay(doubled, 2, random=lambda: 0.25) == 500


def test_a_strategy_of_ones_own() -> None:
    asked: list[tuple[int, str]] = []

    def strategy(made: int, kind: str) -> float:
        asked.append((made, kind))
        return 7.9

    assert delay({"type": "mine"}, 3, custom=strategy) == 7
    assert asked == [(3, "mine")]
    assert delay({"type": "fixed", "delay": 5}, custom=strategy) == 5


def test_minus_one_gives_up() -> None:
    assert delay({"type": "mine"}, custom=lambda made, kind: -1) is None


def test_an_unknown_strategy_is_its_plain_delay() -> None:
    assert delay({"type": "mine", "delay": 30}, 4) == 30


@given(st.dictionaries(st.sampled_from(["type", "delay", "jitter"]), JSON), JSON, st.integers(1, 10**6))
def test_stored_options_of_any_kind_give_a_sane_delay(backoff: dict[str, Any], attempts: Any, made: int) -> None:
    result = retry_delay({"attempts": attempts, "backoff": backoff}, made)
    assert result is None or 0 <= result <= 2**53


def test_only_failures_with_attempts_left_are_retried() -> None:
    job = Job(
        name="a",
        data=msgspec.Raw(b"{}"),
        opts={"attempts": 3, "backoff": {"type": "fixed", "delay": 9}},
        id="1",
        attempts_made=1,
    )
    assert should_retry(job, Failed("broken")) == 9
    assert should_retry(job, Failed("broken", unrecoverable=True)) is None
    assert should_retry(job, Completed(b"1")) is None
    assert should_retry(msgspec.structs.replace(job, attempts_made=2), Failed("broken")) is None


@pytest.mark.parametrize(("attempt", "delay"), [(1, 5), (2, 50), (3, 500), (4, 500)])
def test_a_list_of_delays_gives_one_per_attempt_and_then_the_last(attempt: int, delay: int) -> None:
    opts = {"attempts": 9, "backoff": {"type": "delays", "delays": [5, 50, 500]}}
    assert retry_delay(opts, attempt) == delay
