"""What server processes use of the machine; where there are several, each tells the others every five seconds."""

import asyncio
import contextlib
import gc
import os
import resource
import socket
import time
from collections.abc import Callable, Sequence

import msgspec

from corral.model.errors import StoreError, StoreUnavailable
from corral.policy.measures import Labels, Metric, numbers
from corral.store.records import RecordStore

_KIND = "process-measures"
_EVERY = 5.0
_STALE_MS, _GONE_MS = 15_000, 60_000
_STARTED = time.time()
_PAGE_SIZE = resource.getpagesize()


class Usage(msgspec.Struct, frozen=True):
    """Seconds and bytes."""

    process: str
    at: int
    version: str
    cpu: float
    resident: int
    virtual: int
    descriptors: int
    started: float
    collections: int
    connections: int


_decode = msgspec.json.Decoder(Usage).decode


def _gauge(name: str, help: str) -> Metric:
    return Metric(f"queue_service_{name}", "gauge", help, ("process",))


_CPU = Metric("queue_service_process_cpu_seconds_total", "counter", "Time of the CPU that was used.", ("process",))
_COLLECTIONS = Metric("queue_service_python_gc_collections_total", "counter", "Collections of garbage.", ("process",))
_INFO = Metric("queue_service_info", "gauge", "1 for each process.", ("process", "version"))
_FAMILIES: tuple[tuple[Metric, Callable[[Usage], float]], ...] = (
    (_CPU, lambda usage: usage.cpu),
    (_gauge("process_resident_memory_bytes", "Memory that is in use."), lambda usage: usage.resident),
    (_gauge("process_virtual_memory_bytes", "Memory that was asked for."), lambda usage: usage.virtual),
    (_gauge("process_open_fds", "Descriptors that are open."), lambda usage: usage.descriptors),
    (_gauge("process_start_time_seconds", "When it started."), lambda usage: usage.started),
    (_gauge("connections", "Clients that are connected."), lambda usage: usage.connections),
    (_COLLECTIONS, lambda usage: usage.collections),
)


class Processes:
    """This one, and others that have told of themselves lately."""

    def __init__(
        self,
        records: RecordStore,
        version: str,
        clock: Callable[[], int],
        connections: Callable[[], int],
    ) -> None:
        self._records = records
        self._version = version
        self._clock = clock
        self._connections = connections
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Tell the others."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable, StoreError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._drop(self._name)

    def here(self) -> Usage:
        used = resource.getrusage(resource.RUSAGE_SELF)
        virtual, resident = _memory()
        return Usage(
            process=self._name,
            at=self._clock(),
            version=self._version,
            cpu=used.ru_utime + used.ru_stime,
            resident=resident,
            virtual=virtual,
            descriptors=_descriptors(),
            started=round(_STARTED, 3),
            collections=sum(int(one["collections"]) for one in gc.get_stats()),
            connections=self._connections(),
        )

    async def all(self) -> list[Usage]:
        """Raises `StoreUnavailable`."""
        found, now = [self.here()], self._clock()
        for name, raw in (await self._records.all(_KIND))[1].items():
            usage = _decode(raw)
            if now - usage.at > _GONE_MS:
                await self._drop(name)
            elif now - usage.at < _STALE_MS and name != self._name:
                found.append(usage)
        return found

    async def _drop(self, name: str) -> None:
        stored = await self._records.get(_KIND, name)
        if stored is not None:
            await self._records.swap(_KIND, name, stored, None)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable, StoreError):
                await self._records.put(_KIND, self._name, msgspec.json.encode(self.here()))
            await asyncio.sleep(_EVERY)


def shown(processes: Sequence[Usage]) -> str:
    """In Prometheus' text format."""
    parts = [
        numbers(metric, {(usage.process,): float(value(usage)) for usage in processes}) for metric, value in _FAMILIES
    ]
    info: dict[Labels, float] = {(usage.process, usage.version): 1.0 for usage in processes}
    return "".join([*parts, numbers(_INFO, info)])


def _memory() -> tuple[int, int]:
    """Virtual and resident."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            virtual, resident, *_ = file.read().split()
    except OSError:  # no Linux: the most that it ever was
        return 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(virtual) * _PAGE_SIZE, int(resident) * _PAGE_SIZE


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0
