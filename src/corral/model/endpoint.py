"""A registered HTTP worker: where its jobs are sent and how many at once. The record in the store is this JSON."""

from typing import Any

import msgspec


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """The HTTP call that runs one job. `timeout` is milliseconds until the response headers; unset means 3000."""

    url: str
    method: str
    headers: dict[str, str] = {}
    timeout: int | msgspec.UnsetType = msgspec.UNSET


class Limiter(msgspec.Struct, frozen=True):
    """At most `max` jobs per `duration` milliseconds, over all workers of the queue."""

    max: int
    duration: int


class Batch(msgspec.Struct, frozen=True, rename="camel"):
    """One call carries up to `size` jobs; the first of them waits at most `max_wait` milliseconds for others."""

    size: int
    max_wait: int = 50


class WorkerOptions(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a client may set of a worker. Retention is BullMQ's: `True`, a count, or `{"count", "age"}` (seconds)."""

    concurrency: int = 1
    limiter: Limiter | msgspec.UnsetType = msgspec.UNSET
    remove_on_complete: Any = msgspec.UNSET
    remove_on_fail: Any = msgspec.UNSET
    max_stalled_count: int = 1
    batch: Batch | msgspec.UnsetType = msgspec.UNSET
    """Not of bullmq-proxy: its instances ignore it."""


class Endpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """One worker per queue; registering again replaces it."""

    queue: str
    endpoint: Target
    opts: WorkerOptions = WorkerOptions()
    guarded: bool = False
    """Registered by an application: called only where strangers may have things called. Not of bullmq-proxy."""
