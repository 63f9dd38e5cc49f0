"""Schedules: calls of an HTTP endpoint by the clock. Times are milliseconds since the epoch."""

from typing import Any, Literal

import msgspec

Method = Literal["GET", "POST", "PUT", "DELETE", "PATCH"]


class ScheduledEndpoint(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What is called. A `body` that is text is sent as it is, anything else as JSON; `timeout` is ms."""

    url: str
    method: Method
    headers: dict[str, str] = {}
    body: Any = None
    timeout: int = 30_000


class Timing(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """When it is called: by a `cron` pattern in its time zone, until `endDate` and at most `limit` times, or once `at`
    a moment."""

    cron: str | None = None
    at: int | None = None
    timezone: str = "UTC"
    end_date: int | None = None
    limit: int | None = None


class ScheduleBackoff(msgspec.Struct, frozen=True):
    """The wait after the nth call is `delay * 2 ** (n - 1)` ms, or always `delay`."""

    type: Literal["exponential", "fixed"] = "exponential"
    delay: int = 5000


class RetryPolicy(msgspec.Struct, frozen=True):
    """How often one execution calls the endpoint at most."""

    attempts: int = 3
    backoff: ScheduleBackoff = ScheduleBackoff()


class Schedule(msgspec.Struct, frozen=True, rename="camel"):
    """One schedule; `queue` is the engine's name of the queue that its jobs go through. `over`: it was switched off
    because nothing comes any more, so that jobs of it that are still tried again go on."""

    id: str
    application: str
    queue: str
    name: str
    endpoint: ScheduledEndpoint
    timing: Timing
    created_at: int
    updated_at: int
    description: str | None = None
    retry_policy: RetryPolicy = RetryPolicy()
    enabled: bool = True
    over: bool = False
    metadata: dict[str, Any] = {}
    created_by: str = "system"


class Executions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a schedule's executions; `job_id` is the one that was counted last."""

    count: int = 0
    last_at: int | None = None
    error: str | None = None
    job_id: str = ""

    @property
    def status(self) -> str | None:
        if self.last_at is None:
            return None
        return "success" if self.error is None else "failed"
