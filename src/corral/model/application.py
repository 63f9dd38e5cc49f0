"""Applications that share a server, and the keys by which their programs call it."""

from typing import Any

import msgspec


class ApplicationSettings(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`allowed_queues` are patterns of names. `max_concurrent_jobs` bounds the jobs that run at once, over all queues;
    `max_jobs_per_hour` those that are added. None is no bound."""

    allowed_queues: list[str] = msgspec.field(default_factory=lambda: ["*"])
    max_concurrent_jobs: int | None = None
    max_jobs_per_hour: int | None = None
    metadata: dict[str, Any] = {}


class Application(msgspec.Struct, frozen=True, rename="camel"):
    """One application. Times are milliseconds since the epoch."""

    id: str
    name: str
    settings: ApplicationSettings
    created_at: int
    updated_at: int


class ApiKey(msgspec.Struct, frozen=True, rename="camel"):
    """One key of an application, without its secret: `digest` is all that is stored of it, `hint` its last letters.

    `allowed_queues` narrows what the application may. Times are milliseconds since the epoch, None is never.
    """

    id: str
    application: str
    digest: str
    hint: str
    roles: list[str]
    created_at: int
    name: str | None = None
    allowed_queues: list[str] | None = None
    expires_at: int | None = None
    last_used_at: int | None = None
