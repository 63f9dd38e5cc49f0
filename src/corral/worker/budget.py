"""Slots that the workers of several queues share, in turns, so that no queue keeps another one waiting."""

from collections.abc import Callable

Wake = Callable[[], None]


class Budget:
    """At most `slots` jobs at once over all members. A member is known by what wakes it.

    Who finds no slot free stands in line; as long as somebody does, slots go to the line in its order, and who is
    served takes no more than its share.
    """

    __slots__ = ("_line", "_members", "slots", "used")

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.used = 0
        self._members = 0
        self._line: dict[Wake, None] = {}

    def join(self) -> None:
        """One more member: from the second on there is a line."""
        self._members += 1

    @property
    def free(self) -> int:
        return self.slots - self.used

    def room(self, member: Wake) -> int:
        """How many slots the member may take now; whoever asks wants to have some."""
        free = self.slots - self.used
        if not self._line:
            if free <= 0 and self._members > 1:
                self._line[member] = None
            return max(free, 0)
        self._line.setdefault(member)
        ahead = list(self._line).index(member)
        if ahead >= free:
            return 0
        return max(1, free // len(self._line))

    def take(self, member: Wake, slots: int) -> None:
        """It uses so many more; if it stood in line it has been served."""
        self.used += slots
        if self._line:
            self._line.pop(member, None)

    def leave(self, member: Wake) -> None:
        """It wants none any more: what was kept for it is for the next in line."""
        if member in self._line:
            del self._line[member]
            self.wake()

    def wake(self) -> None:
        """Slots may have become free: whoever is first in line is to come for them."""
        if not self._line:
            return
        free = self.slots - self.used
        for member in list(self._line)[: max(free, 0)]:
            member()
