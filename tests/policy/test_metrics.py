import pytest

from corral.model.queue import MetricsMeta
from corral.policy.metrics import last_minute

_MINUTE = 60_000


@pytest.mark.parametrize(
    ("now", "jobs"),
    [
        (10 * _MINUTE + 59_999, 4),  # the minute of the last job still runs, the one before is the newest point
        (11 * _MINUTE, 3),  # it is over, and nobody has written its point
        (12 * _MINUTE - 1, 3),
        (12 * _MINUTE, 0),
        (9 * _MINUTE, 0),  # a clock that was put back
    ],
)
def test_the_last_whole_minute(now: int, jobs: int) -> None:
    meta = MetricsMeta(count=13, prev_ts=10 * _MINUTE + 7, prev_count=10)
    assert last_minute(meta, 4, now) == jobs


def test_nothing_ended_yet() -> None:
    assert last_minute(MetricsMeta(), 0, 1_795_000_000_000) == 0
