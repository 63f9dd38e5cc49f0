"""Making, changing and ending webhooks and subscriptions, whatever the surface."""

import os
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from corral.lifecycle.subscribers import OPERATORS
from corral.model.errors import NotFound
from corral.model.subscriber import (
    Subscription,
    SubscriptionFilters,
    SubscriptionRetry,
    Webhook,
    WebhookRetry,
)
from corral.operations.services import Services
from corral.policy.signing import new_secret
from corral.policy.subscriber_forms import (
    GivenFilters,
    GivenSubscriptionRetry,
    GivenWebhookRetry,
    SubscriptionChanges,
    SubscriptionForm,
    WebhookChanges,
    WebhookForm,
    check_sent_headers,
)

T = TypeVar("T", Webhook, Subscription)


def application_of(services: Services) -> str:
    """Whose receivers the caller makes."""
    return services.caller.application or OPERATORS


async def make_webhook(services: Services, form: WebhookForm) -> Webhook:
    """Hears of what happens from now on. Raises `InvalidInput`, `Forbidden` for too many."""
    check_sent_headers(form.headers)
    await services.deliveries.check([form.url])
    now = services.clock()
    made = Webhook(
        id=services.new_id(),
        application=application_of(services),
        url=form.url,
        events=[*form.events],
        secret=new_secret(os.urandom),
        created_at=now,
        updated_at=now,
        queues=form.queues,
        headers=form.headers,
        retry_config=_stored(form.retry_config),
        reach=services.caller.allowed_queues[1:],
    )
    await services.deliveries.subscribers.add_webhook(made)
    return made


async def change_webhook(services: Services, webhook_id: str, changes: WebhookChanges) -> Webhook:
    """Raises `NotFound`, `InvalidInput`."""
    given = _given(changes)
    check_sent_headers(changes.headers)
    if changes.url is not msgspec.UNSET:
        await services.deliveries.check([changes.url])
    kept, now = services.deliveries.subscribers.webhooks, services.clock()
    own_webhook(services, webhook_id)
    await kept.change(webhook_id, lambda found: msgspec.structs.replace(found, **given, updated_at=now))
    if changes.active is True:
        await services.deliveries.tallies.restart(webhook_id)
    return own_webhook(services, webhook_id)


async def new_webhook_secret(services: Services, webhook_id: str, overlap_ms: int) -> Webhook:
    """Calls are signed with the old one as well for `overlap_ms` more. Raises `NotFound`."""
    own_webhook(services, webhook_id)
    now, secret = services.clock(), new_secret(os.urandom)
    await services.deliveries.subscribers.webhooks.change(
        webhook_id,
        lambda found: msgspec.structs.replace(
            found, secret=secret, old_secret=found.secret, old_secret_until=now + overlap_ms, updated_at=now
        ),
    )
    return own_webhook(services, webhook_id)


async def delete_webhook(services: Services, webhook_id: str) -> None:
    """What was not sent yet is not sent. Raises `NotFound`."""
    found = own_webhook(services, webhook_id)
    await services.deliveries.subscribers.webhooks.remove(webhook_id)
    await services.deliveries.forget("webhook", webhook_id, found.application)


def own_webhook(services: Services, webhook_id: str) -> Webhook:
    """Raises `NotFound`."""
    found = services.deliveries.subscribers.webhooks.get(webhook_id)
    if found is None or not _is_own(services, found):
        raise NotFound(f"Webhook '{webhook_id}' not found")
    return found


def own_webhooks(services: Services) -> list[Webhook]:
    """Newest first; the operator's are those of all."""
    return _newest_first(services.deliveries.subscribers.webhooks.all(), services)


async def make_subscription(services: Services, form: SubscriptionForm) -> Subscription:
    """Hears of what happens from now on. Raises `InvalidInput`, `Forbidden` for too many."""
    check_sent_headers(form.headers)
    await services.deliveries.check([form.endpoint])
    now = services.clock()
    made = Subscription(
        id=services.new_id(),
        application=application_of(services),
        name=form.name,
        endpoint=form.endpoint,
        events=[*form.events],
        created_at=now,
        updated_at=now,
        description=form.description,
        method=form.method,
        headers=form.headers,
        filters=_stored(form.filters),
        active=form.active,
        retry_config=_stored(form.retry_config),
        reach=services.caller.allowed_queues[1:],
    )
    await services.deliveries.subscribers.add_subscription(made)
    return made


async def change_subscription(services: Services, subscription_id: str, changes: SubscriptionChanges) -> Subscription:
    """Raises `NotFound`, `InvalidInput`."""
    given = _given(changes)
    check_sent_headers(changes.headers)
    if changes.endpoint is not msgspec.UNSET:
        await services.deliveries.check([changes.endpoint])
    kept, now = services.deliveries.subscribers.subscriptions, services.clock()
    own_subscription(services, subscription_id)
    await kept.change(subscription_id, lambda found: msgspec.structs.replace(found, **given, updated_at=now))
    if changes.active is True:
        await services.deliveries.tallies.restart(subscription_id)
    return own_subscription(services, subscription_id)


async def delete_subscription(services: Services, subscription_id: str) -> None:
    """What was not sent yet is not sent. Raises `NotFound`."""
    found = own_subscription(services, subscription_id)
    await services.deliveries.subscribers.subscriptions.remove(subscription_id)
    await services.deliveries.forget("subscription", subscription_id, found.application)


def own_subscription(services: Services, subscription_id: str) -> Subscription:
    """Raises `NotFound`."""
    found = services.deliveries.subscribers.subscriptions.get(subscription_id)
    if found is None or not _is_own(services, found):
        raise NotFound(f"Subscription '{subscription_id}' not found")
    return found


def own_subscriptions(services: Services) -> list[Subscription]:
    """Newest first; the operator's are those of all."""
    return _newest_first(services.deliveries.subscribers.subscriptions.all(), services)


def _newest_first(records: Mapping[str, T], services: Services) -> list[T]:
    own = [one for one in records.values() if _is_own(services, one)]
    return sorted(own, key=lambda one: (one.created_at, one.id), reverse=True)


def _is_own(services: Services, found: Webhook | Subscription) -> bool:
    """A key for some queues has only what was made with the same bounds: else it could hear of the others."""
    caller = services.caller
    if caller.is_operator:
        return True
    return caller.application == found.application and set(caller.allowed_queues[1:]) <= set(found.reach)


def _given(changes: WebhookChanges | SubscriptionChanges) -> dict[str, Any]:
    values = {name: getattr(changes, name) for name in changes.__struct_fields__}
    return {name: _stored(value) for name, value in values.items() if value is not msgspec.UNSET}


def _stored(value: Any) -> Any:
    """As records hold it."""
    match value:
        case GivenWebhookRetry():
            return WebhookRetry(value.max_attempts, value.backoff_multiplier, value.initial_delay)
        case GivenSubscriptionRetry():
            return SubscriptionRetry(value.max_attempts, value.backoff_ms)
        case GivenFilters():
            return SubscriptionFilters(value.queues, value.statuses, value.metadata)
        case _:
            return value
