from hypothesis import given
from hypothesis import strategies as st

from corral.policy.event_ids import Passed, is_after, latest


def test_ids_are_compared_as_numbers() -> None:
    assert is_after("10-0", "9-0")
    assert is_after("9-10", "9-9")
    assert is_after("9-1", "9")
    assert not is_after("9-0", "9")
    assert latest("9-1", "10-0", "9-7") == "10-0"


def test_an_event_that_comes_twice_is_had_once() -> None:
    passed = Passed("5-0")
    assert [passed.add(f"{number}-0") for number in (4, 5, 6, 7, 6, 7, 8)] == [
        False,
        False,
        True,
        True,
        False,
        False,
        True,
    ]


def test_an_event_that_comes_late_is_new() -> None:
    passed = Passed("5-0")
    assert [passed.add(f"{number}-0") for number in (8, 7, 6, 7)] == [True, True, True, False]
    assert passed.last == "8-0"


def test_what_is_long_past_was_had() -> None:
    passed = Passed("0", remembered=3)
    assert all(passed.add(f"{number}-0") for number in range(2, 10))
    assert [passed.add(f"{number}-0") for number in (1, 5, 9)] == [False] * 3
    assert passed.add("10-0")


@given(st.permutations(range(1, 50)))
def test_whatever_the_order_each_is_new_once(ids: list[int]) -> None:
    passed = Passed("0", remembered=50)
    assert all(passed.add(f"{number}-0") for number in ids)
    assert not any(passed.add(f"{number}-0") for number in ids)
    assert passed.last == "49-0"
