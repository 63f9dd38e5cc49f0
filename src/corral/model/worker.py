"""Workers as they are looked at."""

import msgspec


class WorkerStats(msgspec.Struct, frozen=True, rename="camel"):
    """What one worker has done since it started. Times are milliseconds over its last 1,000 runs; None before any."""

    in_flight: int = 0
    completed: int = 0
    failed: int = 0
    p50: float | None = None
    p95: float | None = None


class WorkerInfo(msgspec.Struct, frozen=True, rename="camel", kw_only=True, omit_defaults=True):
    """One worker. `kind` is `endpoint` or `socket` for corral's own, `bullmq` for any other program's.

    `jobs` are the ids that it runs now, at most 100 of them.
    """

    queue: str
    kind: str
    process: str
    url: str | None = None
    name: str | None = None
    address: str | None = None
    concurrency: int | None = None
    paused: bool = False
    jobs: list[str] = []
    stats: WorkerStats | None = None


class WorkerList(msgspec.Struct, frozen=True):
    """All workers that are known now."""

    workers: list[WorkerInfo]
