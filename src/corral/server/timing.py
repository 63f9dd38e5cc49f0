"""How long requests to each route take, by the status of the answer."""

from collections.abc import Callable

from corral.lifecycle.ledger import Histogram, Ledger
from corral.policy.measures import REQUESTS

_PAGE = "http"


class Timing:
    """Of one route."""

    __slots__ = ("_by_status", "_open")

    def __init__(self, open_histogram: Callable[[int], Histogram]) -> None:
        self._open = open_histogram
        self._by_status: dict[int, Histogram] = {}

    def saw(self, status: int, seconds: float) -> None:
        histogram = self._by_status.get(status)
        if histogram is None:
            histogram = self._by_status[status] = self._open(status)
        histogram.saw(seconds)


def timing_of(ledger: Ledger, method: str, path: str) -> Timing:
    """`path` is the route's, in which parameters are not filled in."""
    return Timing(lambda status: ledger.histogram(_PAGE, REQUESTS, method, path, str(status)))


NOBODYS = Timing(lambda status: Histogram(REQUESTS.bounds))
"""Where nobody asks."""
