"""Which application a queue's name belongs to: the first one that adds to it has it."""

import re
from collections.abc import Awaitable, Callable, Mapping

from corral.lifecycle.kept import Kept
from corral.model.errors import Forbidden

OPERATOR = ""
"""Owns the queues in which jobs of no application are."""

GONE = "-"
"""Owns what is left of an application that was deleted: nobody gets it before it is empty."""

DELIVERIES = "corral-deliveries"
"""The queue that the server itself works; it is no application's."""

SCHEDULES = "corral-schedules"
"""The queue that the jobs of schedules go through. No application has it under that very name in the engine, where the
operator's jobs are."""

MOST_QUEUES = 10_000
"""Names that one application may take; all of them are held in memory."""

_MARK = "@"
_SHORT = 8
_OWN_NAME = re.compile(r"@([0-9a-f]{8})$")
_HEX = re.compile(r"[0-9a-f]{8}(?:-|$)")
_NO_SHORT = "00000000"  # of applications whose id is a word


class Ownership:
    """No two applications ever share a queue of the engine: who comes second gets one named `name@application`.

    A name that an application has taken means the same queue for good, in every process.
    """

    def __init__(self, kept: Kept[str], is_used: Callable[[str], Awaitable[bool]]) -> None:
        self._kept = kept
        self._is_used = is_used
        self._queues: dict[str, dict[str, str]] = {}
        self._version = -1

    def owner(self, physical: str) -> str | None:
        """The application whose queue of the engine that is; None for everything else."""
        found = self._kept.get(physical)
        return None if found in (OPERATOR, GONE) else found

    def queues(self, application: str) -> Mapping[str, str]:
        """The engine's name of each queue that the application has taken, by the application's own."""
        if self._version != self._kept.version:
            self._queues, self._version = _by_application(self._kept.all()), self._kept.version
        return self._queues.get(application, {})

    def physical(self, queue: str, application: str) -> str:
        """The queue in the engine that the application means."""
        return self.queues(application).get(queue) or own_name(queue, application)

    def is_settled(self, queue: str, application: str) -> bool:
        """Whether it is known here which queue the application means; else another process may know more."""
        return queue in self.queues(application) or self._kept.get(queue) is not None

    def is_reserved(self, queue: str, application: str) -> bool:
        """Whether the name is kept for the queues of another application, or of the server."""
        found = _OWN_NAME.search(queue)
        return queue == DELIVERIES or (found is not None and found[1] != short_id(application))

    def logical(self, physical: str, application: str) -> str | None:
        """How the application calls the queue of the engine; None when it is not the application's."""
        if self._kept.get(physical) == application:
            return _logical(physical, application)
        name, mark, short = physical.rpartition(_MARK)
        return name if mark and short == short_id(application) else None

    async def refresh(self) -> None:
        """Learn what other processes have done up to now."""
        await self._kept.refresh()

    async def claim(self, queue: str, application: str, granted: bool) -> None:
        """The application is about to add: give it the name if nobody has it, else one of its own.

        A queue that is in use already is the operator's, unless the application was `granted` exactly that one.
        Raises `Forbidden` for too many names.
        """
        taken = self.queues(application)
        if queue in taken:
            return
        if len(taken) >= MOST_QUEUES:
            raise Forbidden(f"This application has {MOST_QUEUES} queues already")
        if not await self._take(queue, application, granted):
            await self._kept.add(own_name(queue, application), application)

    async def release(self, application: str) -> None:
        """The application is gone: names of queues that hold nothing are free again, others when they hold nothing."""
        for physical in list(self.queues(application).values()):
            left = GONE if not _OWN_NAME.search(physical) and await self._is_used(physical) else None
            await self._kept.change(physical, lambda _, left=left: left)  # type: ignore[misc]

    async def _take(self, queue: str, application: str, granted: bool) -> bool:
        """Whether the name itself is the application's now."""
        if queue == SCHEDULES:
            return False
        owner = self._kept.get(queue)
        if owner is None:
            used = not granted and await self._is_used(queue)
            await self._kept.add(queue, OPERATOR if used else application)
        elif (owner == OPERATOR and granted) or (owner == GONE and not await self._is_used(queue)):
            await self._kept.change(queue, lambda now: application if now == owner else now)
        return self._kept.get(queue) == application


def own_name(queue: str, application: str) -> str:
    """The name of the engine's queue for whoever comes second."""
    suffix = f"{_MARK}{short_id(application)}"
    return queue if queue.endswith(suffix) else queue + suffix


def short_id(application: str) -> str:
    """What tells applications apart in names of queues: the beginning of the id."""
    return application[:_SHORT] if _HEX.match(application) else _NO_SHORT


def _by_application(owners: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """A name of its own goes before the plain one: it may have been taken first."""
    found: dict[str, dict[str, str]] = {}
    for physical, application in sorted(owners.items(), key=lambda one: _OWN_NAME.search(one[0]) is not None):
        found.setdefault(application, {})[_logical(physical, application)] = physical
    return found


def _logical(physical: str, application: str) -> str:
    return physical.removesuffix(f"{_MARK}{short_id(application)}")
