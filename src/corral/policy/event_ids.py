"""The order of events in a stream, by their ids: `milliseconds-serial` as Redis makes them, or of that form."""

from bisect import bisect_left, insort

Order = tuple[int, int]

_FIRST_MOMENT = 1_000_000_000_000


def order(event_id: str) -> Order:
    """What the ids of a stream are sorted by."""
    first, _, serial = event_id.partition("-")
    return int(first), int(serial or 0)


def moment(event_id: str) -> int | None:
    """When it was written, in ms, where ids tell; numbers in a row do not."""
    first = order(event_id)[0]
    return first if first >= _FIRST_MOMENT else None


def is_after(one: str, other: str) -> bool:
    """Whether an event id comes later in its stream than another."""
    return order(one) > order(other)


def latest(*event_ids: str) -> str:
    return max(event_ids, key=order)


class Passed:
    """Which events of a stream somebody has had, given that they may come twice, and late: with an id lower than that
    of one before. All up to `begin` were had; of those that come later the last `remembered` are known one by one."""

    def __init__(self, begin: str, remembered: int = 2_000) -> None:
        self.last = begin
        self._floor = order(begin)
        self._known: list[Order] = []
        self._remembered = remembered

    def add(self, event_id: str) -> bool:
        """Whether the event is new; it is had from then on."""
        place = order(event_id)
        at = bisect_left(self._known, place)
        if place <= self._floor or (at < len(self._known) and self._known[at] == place):
            return False
        if at == len(self._known):
            self.last = event_id
        insort(self._known, place)
        if len(self._known) > 2 * self._remembered:
            self._floor = self._known[-self._remembered - 1]
            del self._known[: -self._remembered]
        return True
