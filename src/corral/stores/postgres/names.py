"""Names as they go in and out: outside a queue is `prefix:queue` and a job `prefix:queue:id`, as on Redis; BullMQ's
tables have no prefix."""


class Names:
    """Puts the prefix on and takes it off; a name without it is taken as it is."""

    __slots__ = ("_lead", "prefix")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._lead = f"{prefix}:"

    def outward(self, name: str) -> str:
        return self._lead + name

    def inward(self, name: str) -> str:
        return name.removeprefix(self._lead)
