"""How long requests to each route take, by the status of the answer: noted at next to no cost, sorted later."""

from collections.abc import Iterable

import msgspec

from corral.lifecycle.ledger import Key
from corral.policy.measures import REQUESTS
from corral.server.call import Route

_PAGE = "http"


class Timing(dict[int, list[float]]):
    """Of one route: seconds, by status."""

    def __missing__(self, status: int) -> list[float]:
        found: list[float] = []
        self[status] = found
        return found


class Timings:
    """Of all routes."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, str, Timing]] = []

    def timed(self, routes: Iterable[Route]) -> list[Route]:
        """The same routes."""
        return [msgspec.structs.replace(route, seconds=self._timing(route)) for route in routes]

    def take(self) -> dict[Key, list[float]]:
        """What was noted since the last time."""
        found: dict[Key, list[float]] = {}
        for method, path, timing in self._routes:
            for status in list(timing):
                found[_PAGE, REQUESTS, (method, path, str(status))] = timing.pop(status)
        return found

    def _timing(self, route: Route) -> Timing:
        timing = Timing()
        self._routes.append((route.method, route.path, timing))
        return timing
