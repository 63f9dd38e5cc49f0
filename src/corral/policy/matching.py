"""Which webhooks and subscriptions hear of a change, and which of the URLs that a job was given."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from corral.model.subscriber import Reach, Subscription, SubscriptionFilters, Webhook
from corral.policy import changes
from corral.policy.name_pattern import matcher

SUBSCRIPTION_EVENTS = (
    changes.CREATED, changes.STARTED, changes.PROGRESS, changes.COMPLETED, changes.FAILED, changes.RETRYING,
    changes.STALLED,
)  # fmt: skip
"""What a subscription may ask for."""

DISABLED = "webhook.disabled"
"""Told to the other webhooks of the application when one is called no more."""

TEST = "webhook.test"

WEBHOOK_EVENTS = (
    *(f"job.{status}" for status in SUBSCRIPTION_EVENTS), "queue.paused", "queue.resumed", DISABLED,
)  # fmt: skip
"""What a webhook may ask for."""

ANY = "*"
_STATES = {changes.CREATED: "waiting", changes.STARTED: "active", changes.PROGRESS: "active"}
_TOLD = (changes.STARTED, changes.PROGRESS, changes.COMPLETED, changes.FAILED)
_OWN_WORDS = frozenset({*SUBSCRIPTION_EVENTS, *changes.OF_QUEUES})


def webhook_event(status: str) -> str:
    """The change as webhooks call it."""
    return f"queue.{status}" if status in changes.OF_QUEUES else f"job.{status}"


def webhook_fits(webhook: Webhook, status: str, queue: str) -> bool:
    """Whether an active webhook hears of the change; `queue` is the application's name."""
    if not webhook.active or webhook_event(status) not in webhook.events:
        return False
    return any(_fits(pattern)(queue) for pattern in webhook.queues) and reaches(webhook.reach, queue)


def subscription_wants(subscription: Subscription, status: str, queue: str) -> bool:
    """The same, but for the metadata, which are asked for only then."""
    if not subscription.active or status not in subscription.events:
        return False
    filters = subscription.filters
    if filters.queues and queue not in filters.queues:
        return False
    states = (status, _STATES.get(status, status))
    if filters.statuses and not any(state in filters.statuses for state in states):
        return False
    return reaches(subscription.reach, queue)


def metadata_fit(filters: SubscriptionFilters, metadata: Mapping[str, Any]) -> bool:
    """Whether each member is there and is the same; scalars compare by their text."""
    return all(name in metadata and _text(metadata[name]) == _text(value) for name, value in filters.metadata.items())


def url_for(webhooks: Mapping[str, str], status: str) -> str | None:
    """The URL of exactly that status, else the one for all, which hears of what a worker does and says."""
    exact = webhooks.get(status)
    if exact is not None:
        return exact
    told = status in _TOLD or status not in _OWN_WORDS
    return webhooks.get(ANY) if told else None


def reaches(reach: Reach, queue: str) -> bool:
    """Whether whoever made the subscriber could use the queue."""
    return all(any(_fits(pattern)(queue) for pattern in patterns) for patterns in reach)


def unknown(events: Iterable[Any], known: Iterable[str]) -> list[str]:
    """Those that are no events."""
    allowed = frozenset(known)
    return [str(event) for event in events if not isinstance(event, str) or event not in allowed]


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float) else value


_fits = lru_cache(maxsize=1000)(matcher)
