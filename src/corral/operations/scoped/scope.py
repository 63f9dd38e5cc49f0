"""What one caller's application reaches, and under which names."""

from corral.lifecycle.ownership import Ownership
from corral.model.errors import Forbidden
from corral.policy.access import Caller


class Scope:
    """Turns names that the application knows into those of the engine, refusing queues that it may not use."""

    def __init__(self, caller: Caller, ownership: Ownership, prefix: str) -> None:
        assert caller.application is not None
        self.caller = caller
        self.application = caller.application
        self._ownership = ownership
        self._lead = f"{prefix}:"

    def physical(self, queue: str) -> str:
        """The engine's name. Raises `Forbidden`."""
        logical = self._ownership.logical(queue, self.application) or queue
        if not self.caller.reaches(logical) or self._ownership.is_reserved(logical, self.application):
            raise Forbidden(f"Access denied to queue: {logical}")
        return self._ownership.physical(logical, self.application)

    def logical(self, physical: str) -> str | None:
        """The application's name for a queue of the engine; None for one that it has not, or may not use."""
        name = self._ownership.logical(physical, self.application)
        return name if name is not None and self.caller.reaches(name) else None

    async def claim(self, queue: str) -> str:
        """The engine's name of a queue to which the application is about to add. Raises `Forbidden`."""
        self.physical(queue)
        logical = self._ownership.logical(queue, self.application) or queue
        await self._ownership.claim(logical, self.application, self.caller.is_granted(logical))
        return self.physical(logical)

    def inward(self, name: str) -> str:
        """The same for `prefix:queue` and `prefix:queue:id`."""
        queue, rest = self._parted(name)
        return f"{self._lead}{self.physical(queue)}{rest}"

    def outward(self, name: str) -> str:
        """The application's name of `prefix:queue` or `prefix:queue:id`, which is its own."""
        queue, rest = self._parted(name)
        return f"{self._lead}{self._ownership.logical(queue, self.application) or queue}{rest}"

    def _parted(self, name: str) -> tuple[str, str]:
        queue, colon, rest = name.removeprefix(self._lead).partition(":")
        return queue, colon + rest
