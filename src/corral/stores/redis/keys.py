"""The names of a queue's keys, as BullMQ lays them out."""

from functools import lru_cache

_NAMES = (
    "wait", "paused", "active", "delayed", "prioritized", "completed", "failed", "waiting-children",
    "meta", "id", "events", "marker", "stalled", "stalled-check", "limiter", "pc", "repeat",
    "metrics:completed", "metrics:failed",
)  # fmt: skip


class QueueKeys:
    """Every key of one queue, made once: `keys.wait`, `keys["waiting-children"]`, `keys.job("1")`."""

    __slots__ = ("_by_name", "active", "base", "events", "marker", "meta", "qualified", "stalled", "wait")

    def __init__(self, prefix: str, queue: str) -> None:
        self.qualified = f"{prefix}:{queue}"
        self.base = self.qualified + ":"
        self._by_name = {name: self.base + name for name in _NAMES}
        self.wait = self["wait"]
        self.active = self["active"]
        self.events = self["events"]
        self.marker = self["marker"]
        self.meta = self["meta"]
        self.stalled = self["stalled"]

    def __getitem__(self, name: str) -> str:
        return self._by_name[name]

    def many(self, *names: str) -> tuple[str, ...]:
        """The keys in the order a script wants them."""
        return tuple(self._by_name[name] for name in names)

    def job(self, job_id: str) -> str:
        """The job's hash; its lock, logs and dependencies hang on it."""
        return self.base + job_id


class KeyCache:
    """At most `size` queues' keys are held; the least recently used give way (`QUEUE_CACHE_SIZE`)."""

    def __init__(self, prefix: str, size: int) -> None:
        self.prefix = prefix
        self._of = lru_cache(maxsize=max(1, size))(lambda queue: QueueKeys(prefix, queue))

    def of(self, queue: str) -> QueueKeys:
        return self._of(queue)

    def __len__(self) -> int:
        return self._of.cache_info().currsize
