"""One engine, assembled from its parts."""

from typing import Protocol

from corral.store.children import ChildStore
from corral.store.deduplication import DeduplicationStore
from corral.store.directory import DirectoryStore
from corral.store.events import EventStore
from corral.store.flows import FlowStore
from corral.store.groups import GroupStore
from corral.store.idempotency import IdempotencyStore
from corral.store.job_details import JobDetailStore
from corral.store.job_index import JobIndexStore
from corral.store.job_moves import JobMoveStore
from corral.store.jobs import JobStore
from corral.store.journals import JournalStore
from corral.store.metrics import MetricsStore
from corral.store.presence import PresenceStore
from corral.store.queue_limits import QueueLimitStore
from corral.store.queue_moves import QueueMoveStore
from corral.store.queues import QueueStore
from corral.store.records import RecordStore
from corral.store.registry import RegistryStore
from corral.store.schedulers import SchedulerStore
from corral.store.search import SearchStore
from corral.store.windows import WindowStore


class Store(Protocol):
    """What wiring hands to everything above."""

    @property
    def jobs(self) -> JobStore: ...

    @property
    def job_moves(self) -> JobMoveStore: ...

    @property
    def job_details(self) -> JobDetailStore: ...

    @property
    def job_index(self) -> JobIndexStore: ...

    @property
    def groups(self) -> GroupStore: ...

    @property
    def search(self) -> SearchStore: ...

    @property
    def children(self) -> ChildStore: ...

    @property
    def deduplication(self) -> DeduplicationStore: ...

    @property
    def queues(self) -> QueueStore: ...

    @property
    def queue_moves(self) -> QueueMoveStore: ...

    @property
    def queue_limits(self) -> QueueLimitStore: ...

    @property
    def directory(self) -> DirectoryStore: ...

    @property
    def metrics(self) -> MetricsStore: ...

    @property
    def events(self) -> EventStore: ...

    @property
    def registry(self) -> RegistryStore: ...

    @property
    def flows(self) -> FlowStore: ...

    @property
    def schedulers(self) -> SchedulerStore: ...

    @property
    def presence(self) -> PresenceStore: ...

    @property
    def idempotency(self) -> IdempotencyStore: ...

    @property
    def journals(self) -> JournalStore: ...

    @property
    def records(self) -> RecordStore: ...

    @property
    def windows(self) -> WindowStore: ...

    @property
    def prefix(self) -> str:
        """Leads every key; a job's `queueQualifiedName` is `prefix:queue`."""
        ...

    async def start(self) -> None:
        """Begin connecting; returns at once, and connecting goes on until `close`."""
        ...

    async def ready(self, timeout: float | None = None) -> None:
        """Wait until the engine answers. Raises `StoreUnavailable` after `timeout` seconds."""
        ...

    @property
    def is_ready(self) -> bool: ...

    async def ping(self) -> float:
        """Seconds the engine took to answer. Raises `StoreUnavailable`."""
        ...

    async def close(self) -> None:
        """Let go of every connection; never waits for an engine that is gone."""
        ...
