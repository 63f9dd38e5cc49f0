from hypothesis import given
from hypothesis import strategies as st

from corral.observe.limit import LineLimit


def test_lines_over_the_limit_are_left_out_and_counted() -> None:
    limit = LineLimit(lines=2, seconds=1.0)
    assert [limit.allow(now) for now in (0.0, 0.1, 0.2, 0.9, 1.0, 1.05, 1.1)] == [
        0,
        0,
        None,
        None,
        2,
        None,
        1,
    ]


@given(st.lists(st.floats(min_value=0, max_value=0.6), max_size=60))
def test_no_second_has_more_than_two_lines(gaps: list[float]) -> None:
    limit, now, allowed = LineLimit(lines=2, seconds=1.0), 0.0, []
    for gap in gaps:
        now += gap
        if limit.allow(now) is not None:
            allowed.append(now)
    assert all(third - first >= 1.0 for first, third in zip(allowed, allowed[2:], strict=False))
