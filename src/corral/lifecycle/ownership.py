"""Which application a queue's name belongs to: the first one that adds to it has it."""

import re
from collections.abc import Awaitable, Callable

from corral.lifecycle.kept import Kept

OPERATOR = ""
"""Owns the queues in which jobs of no application are."""

_MARK = "@"
_SHORT = 8
_OWN_NAME = re.compile(r"@([0-9a-f]{8})$")


class Ownership:
    """No two applications ever share a queue of the engine: who comes second gets one named `name@application`."""

    def __init__(self, kept: Kept[str], is_used: Callable[[str], Awaitable[bool]]) -> None:
        self._kept = kept
        self._is_used = is_used

    def physical(self, queue: str, application: str) -> str:
        """The queue in the engine that the application means."""
        return queue if self._kept.get(queue) == application else own_name(queue, application)

    def is_reserved(self, queue: str, application: str) -> bool:
        """Whether the name is kept for the queues of another application."""
        found = _OWN_NAME.search(queue)
        return found is not None and found[1] != application[:_SHORT]

    def logical(self, physical: str, application: str) -> str | None:
        """How the application calls the queue of the engine; None when it is not the application's."""
        if self._kept.get(physical) == application:
            return physical
        name, mark, short = physical.rpartition(_MARK)
        return name if mark and short == application[:_SHORT] else None

    async def claim(self, queue: str, application: str, granted: bool) -> None:
        """The application is about to add: give it the name, if nobody has it.

        A queue that is in use already is the operator's, unless the application was granted exactly that one.
        """
        if self._kept.get(queue) is not None:
            return
        used = not granted and await self._is_used(queue)
        await self._kept.add(queue, OPERATOR if used else application)

    async def release(self, application: str) -> None:
        """The application is gone: what it had belongs to the operator, and to no application that comes."""
        for queue, owner in list(self._kept.all().items()):
            if owner == application:
                await self._kept.put(queue, OPERATOR)


def own_name(queue: str, application: str) -> str:
    """The name of the engine's queue for whoever comes second."""
    suffix = f"{_MARK}{application[:_SHORT]}"
    return queue if queue.endswith(suffix) else queue + suffix
