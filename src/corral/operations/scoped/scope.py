"""What one caller's application reaches, and under which names."""

from collections.abc import Collection

import msgspec

from corral.lifecycle.ownership import Ownership
from corral.lifecycle.quota import Quota
from corral.model.errors import QueueForbidden
from corral.model.job import Job, JobOptions
from corral.policy.access import Caller

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Scope:
    """Turns names that the application knows into those of the engine, refusing queues that it may not use."""

    def __init__(self, caller: Caller, ownership: Ownership, quota: Quota, prefix: str) -> None:
        assert caller.application is not None
        self.caller = caller
        self.application = caller.application
        self.quota = quota
        self._ownership = ownership
        self._lead = f"{prefix}:"

    def physical(self, queue: str) -> str:
        """The engine's name, as far as this process knows. Raises `QueueForbidden`."""
        return self._ownership.physical(self._allowed(queue), self.application)

    async def find(self, queue: str) -> str:
        """The engine's name, asking what other processes know where need be. Raises `QueueForbidden`."""
        logical = self._allowed(queue)
        if not self._ownership.is_settled(logical, self.application):
            await self._ownership.refresh()
        return self._ownership.physical(logical, self.application)

    async def claim(self, queue: str) -> str:
        """The engine's name of a queue to which the application is about to add. Raises `QueueForbidden`."""
        logical = self._allowed(queue)
        await self._ownership.claim(logical, self.application, self.caller.is_granted(logical))
        return self._ownership.physical(logical, self.application)

    def logical(self, physical: str) -> str | None:
        """The application's name for a queue of the engine; None for one that it has not, or may not use."""
        name = self._ownership.logical(physical, self.application)
        return name if name is not None and self.caller.reaches(name) else None

    @property
    def reaches_all(self) -> bool:
        """Whether no name is kept from the caller."""
        return all("*" in patterns for patterns in self.caller.allowed_queues)

    async def know(self, physical: Collection[str]) -> None:
        """Learn the names of queues that are the application's, and that another process may have taken just now."""
        if any(self._ownership.logical(queue, self.application) is None for queue in physical):
            await self._ownership.refresh()

    def name(self, physical: str) -> str:
        """The application's name of a queue of its own."""
        return self._ownership.logical(physical, self.application) or physical

    def names(self) -> list[str]:
        """All queues that the application has and the caller may use, by the application's names, in order."""
        return sorted(name for name in self._ownership.queues(self.application) if self.caller.reaches(name))

    async def inward(self, name: str) -> str:
        """The engine's form of `prefix:queue` and `prefix:queue:id`. Raises `QueueForbidden`."""
        queue, rest = self._parted(name)
        return f"{self._lead}{await self.find(queue)}{rest}"

    def outward(self, name: str) -> str:
        """The application's name of `prefix:queue` or `prefix:queue:id`, which is its own."""
        queue, rest = self._parted(name)
        return f"{self._lead}{self.name(queue)}{rest}"

    async def adopted(self, opts: JobOptions) -> JobOptions:
        """Options of a new job: a parent that they name is one of the application's."""
        parent = opts.get("parent")
        if not parent:
            return opts
        return {**opts, "parent": {**parent, "queue": await self.inward(parent["queue"])}}

    def shown(self, job: Job) -> Job:
        """The job as the application knows it."""
        changed = {"queue_qualified_name": self.outward(job.queue_qualified_name)} if job.queue_qualified_name else {}
        if job.parent_key is not msgspec.UNSET:
            changed["parent_key"] = self.outward(job.parent_key)
        found = msgspec.structs.replace(job, **changed) if changed else job
        parent = found.opts.get("parent")
        if isinstance(parent, dict) and isinstance(parent.get("queue"), str):
            opts = {**found.opts, "parent": {**parent, "queue": self.outward(parent["queue"])}}
            found = msgspec.structs.replace(found, opts=opts)
        if found.parent is not msgspec.UNSET:
            found = msgspec.structs.replace(found, parent=self._parent(found.parent))
        return found

    def _parent(self, stored: msgspec.Raw) -> msgspec.Raw:
        link = _decode(stored)
        if "queueKey" in link:
            key = self.outward(msgspec.json.decode(link["queueKey"], type=str))
            link["queueKey"] = msgspec.Raw(msgspec.json.encode(key))
        return msgspec.Raw(msgspec.json.encode(link))

    def _allowed(self, queue: str) -> str:
        logical = self._ownership.logical(queue, self.application) or queue
        if not self.caller.reaches(logical) or self._ownership.is_reserved(logical, self.application):
            raise QueueForbidden(f"Access denied to queue: {logical}")
        return logical

    def _parted(self, name: str) -> tuple[str, str]:
        queue, colon, rest = name.removeprefix(self._lead).partition(":")
        return queue, colon + rest
