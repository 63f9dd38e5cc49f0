from itertools import islice

from corral.policy.reconnecting import pauses


def test_doubles_up_to_the_most() -> None:
    longest = islice(pauses(0.05, 2, lambda: 0.0), 8)
    assert list(longest) == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2]


def test_jitter_takes_away_up_to_half() -> None:
    assert list(islice(pauses(1, 4, lambda: 1.0), 3)) == [0.5, 1, 2]
