"""Who hears of jobs: the webhooks and subscriptions of applications. Times are milliseconds since the epoch."""

from typing import Any, Literal

import msgspec

Reach = tuple[tuple[str, ...], ...]
"""Patterns of the queues that whoever made it could use: of each list one has to fit."""


class WebhookRetry(msgspec.Struct, frozen=True, rename="camel"):
    """The wait after the nth attempt is `initialDelay * backoffMultiplier ** (n - 1)` ms, up to a minute."""

    max_attempts: int = 3
    backoff_multiplier: float = 2
    initial_delay: int = 1000


class Webhook(msgspec.Struct, frozen=True, rename="camel"):
    """`queues` are patterns of names. Until `oldSecretUntil` calls are signed with both secrets."""

    id: str
    application: str
    url: str
    events: list[str]
    secret: str
    created_at: int
    updated_at: int
    queues: list[str] = msgspec.field(default_factory=lambda: ["*"])
    headers: dict[str, str] = {}
    retry_config: WebhookRetry = WebhookRetry()
    active: bool = True
    old_secret: str | None = None
    old_secret_until: int = 0
    reach: Reach = ()


class SubscriptionFilters(msgspec.Struct, frozen=True):
    """What is empty lets everything through."""

    queues: list[str] = []
    statuses: list[str] = []
    metadata: dict[str, Any] = {}


class SubscriptionRetry(msgspec.Struct, frozen=True, rename="camel"):
    """The wait after the nth attempt is `backoffMs * 2 ** (n - 1)`, up to a minute."""

    max_attempts: int = 3
    backoff_ms: int = 1000


class Subscription(msgspec.Struct, frozen=True, rename="camel"):
    """Hears of changes of the jobs that its filters let through."""

    id: str
    application: str
    name: str
    endpoint: str
    events: list[str]
    created_at: int
    updated_at: int
    description: str | None = None
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[str, str] = {}
    filters: SubscriptionFilters = SubscriptionFilters()
    active: bool = True
    retry_config: SubscriptionRetry = SubscriptionRetry()
    reach: Reach = ()


class Tally(msgspec.Struct, frozen=True):
    """What became of the calls of one subscriber; `failures` are those since the last success."""

    failures: int = 0
    succeeded: int = 0
    last_at: int | None = None


class SigningSecret(msgspec.Struct, frozen=True):
    """Signs what an application's subscriptions and jobs send. Until `old_until` the old one signs as well."""

    secret: str
    old: str | None = None
    old_until: int = 0
