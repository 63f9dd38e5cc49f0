"""The pauses between attempts to connect."""

from collections.abc import Callable, Iterator


def pauses(first: float, most: float, random: Callable[[], float]) -> Iterator[float]:
    """Seconds to wait before each next attempt: doubling from `first` to `most`, then `most` for ever.

    Each is shortened by up to half, so that many processes do not all return in the same moment.
    """
    pause = first
    while True:
        yield pause * (1 - random() / 2)
        pause = min(pause * 2, most)
