"""What webhooks and subscriptions may look like, whoever asks for them and how."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from corral.model.errors import InvalidInput
from corral.policy.matching import SUBSCRIPTION_EVENTS, WEBHOOK_EVENTS

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e]{0,4096}")
_RESERVED = frozenset({
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "webhook-id", "webhook-signature", "webhook-timestamp", "x-webhook-signature",
})  # fmt: skip
_MOST_HEADERS = 50

Url = Annotated[str, msgspec.Meta(max_length=2048)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Patterns = Annotated[list[Text], msgspec.Meta(min_length=1, max_length=100)]
Texts = Annotated[list[Text], msgspec.Meta(max_length=100)]
Tries = Annotated[int, msgspec.Meta(ge=1, le=50, description="Calls at most.")]
Wait = Annotated[int, msgspec.Meta(ge=0, le=60_000, description="Milliseconds after the first call.")]
Factor = Annotated[float, msgspec.Meta(ge=1, le=10, description="How many times longer each wait is.")]
WebhookEvent = Literal[
    "job.created", "job.started", "job.progress", "job.completed", "job.failed", "job.retrying", "job.stalled",
    "queue.paused", "queue.resumed", "webhook.disabled",
]  # fmt: skip
SubscriptionEvent = Literal["created", "started", "progress", "completed", "failed", "retrying", "stalled"]
WebhookEvents = Annotated[list[WebhookEvent], msgspec.Meta(min_length=1, max_length=len(WEBHOOK_EVENTS))]
SubscriptionEvents = Annotated[list[SubscriptionEvent], msgspec.Meta(min_length=1, max_length=len(SUBSCRIPTION_EVENTS))]


class GivenWebhookRetry(msgspec.Struct, frozen=True, rename="camel"):
    """The wait after the nth call is `initialDelay * backoffMultiplier ** (n - 1)` ms, up to a minute."""

    max_attempts: Tries = 3
    backoff_multiplier: Factor = 2
    initial_delay: Wait = 1000


class GivenSubscriptionRetry(msgspec.Struct, frozen=True, rename="camel"):
    """The wait after the nth call is `backoffMs * 2 ** (n - 1)`, up to a minute."""

    max_attempts: Tries = 3
    backoff_ms: Wait = 1000


class GivenFilters(msgspec.Struct, frozen=True):
    """What is empty lets everything through. Of the metadata every member has to be the same."""

    queues: Texts = []
    statuses: Texts = []
    metadata: dict[str, Any] = {}


class WebhookForm(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook to be. `queues` are patterns of names."""

    url: Url
    events: WebhookEvents
    queues: Patterns = msgspec.field(default_factory=lambda: ["*"])
    headers: dict[str, str] = {}
    retry_config: GivenWebhookRetry = GivenWebhookRetry()


class WebhookChanges(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What is left out stays."""

    url: Url | msgspec.UnsetType = msgspec.UNSET
    events: WebhookEvents | msgspec.UnsetType = msgspec.UNSET
    queues: Patterns | msgspec.UnsetType = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    retry_config: GivenWebhookRetry | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET


class SubscriptionForm(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription to be."""

    name: Text
    endpoint: Url
    events: SubscriptionEvents
    description: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[str, str] = {}
    filters: GivenFilters = GivenFilters()
    active: bool = True
    retry_config: GivenSubscriptionRetry = GivenSubscriptionRetry()


class SubscriptionChanges(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What is left out stays."""

    name: Text | msgspec.UnsetType = msgspec.UNSET
    endpoint: Url | msgspec.UnsetType = msgspec.UNSET
    events: SubscriptionEvents | msgspec.UnsetType = msgspec.UNSET
    description: Annotated[str, msgspec.Meta(max_length=2000)] | msgspec.UnsetType | None = msgspec.UNSET
    method: Literal["POST", "PUT"] | msgspec.UnsetType = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    filters: GivenFilters | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    retry_config: GivenSubscriptionRetry | msgspec.UnsetType = msgspec.UNSET


def check_sent_headers(headers: Mapping[str, str] | msgspec.UnsetType) -> None:
    """Raises `InvalidInput` for headers that cannot be sent, or are not the sender's to choose."""
    if headers is msgspec.UNSET:
        return
    if len(headers) > _MOST_HEADERS:
        raise InvalidInput(f"At most {_MOST_HEADERS} headers may be sent")
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or name.lower() in _RESERVED:
            raise InvalidInput(f"The header {name[:100]!r} cannot be sent")
