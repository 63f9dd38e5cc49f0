"""Making, changing and ending webhooks and subscriptions, whatever the surface."""

import os
from typing import Any, Generic, TypeVar

import msgspec

from corral.lifecycle.kept import Kept
from corral.lifecycle.subscribers import OPERATORS
from corral.model.errors import NotFound
from corral.model.subscriber import (
    Subscription,
    SubscriptionFilters,
    SubscriptionRetry,
    Tally,
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

T = TypeVar("T", bound=Webhook | Subscription)
Shown = TypeVar("Shown", bound=msgspec.Struct)
Form = WebhookForm | SubscriptionForm
Changes = WebhookChanges | SubscriptionChanges


class Receivers(Generic[T]):
    """One kind of them: `of` is how it is kept, `url` the field that says where calls go."""

    def __init__(self, of: type[T], url: str) -> None:
        self._of = of
        self._url = url

    async def make(self, services: Services, form: Form, **more: Any) -> T:
        """Hears of what happens from now on. Raises `InvalidInput`, `Forbidden` for too many."""
        check_sent_headers(form.headers)
        await services.deliveries.check([getattr(form, self._url)])
        now = services.clock()
        made = self._of(
            id=services.new_id(),
            application=application_of(services),
            created_at=now,
            updated_at=now,
            reach=services.caller.allowed_queues[1:],
            **self._given(form),
            **more,
        )
        await services.deliveries.subscribers.add(made)
        return made

    async def change(self, services: Services, receiver: str, changes: Changes) -> T:
        """Raises `NotFound`, `InvalidInput`."""
        given, now = self._given(changes), services.clock()
        check_sent_headers(changes.headers)
        if self._url in given:
            await services.deliveries.check([given[self._url]])
        self.own(services, receiver)
        await self._kept(services).change(receiver, lambda one: msgspec.structs.replace(one, **given, updated_at=now))
        if changes.active is True:
            await services.deliveries.tallies.restart(receiver)
        return self.own(services, receiver)

    async def delete(self, services: Services, receiver: str) -> None:
        """What was not sent yet is not sent. Raises `NotFound`."""
        await services.deliveries.remove(self.own(services, receiver))

    def own(self, services: Services, receiver: str) -> T:
        """Raises `NotFound`."""
        found = self._kept(services).get(receiver)
        if found is None or not _is_own(services, found):
            raise NotFound(f"{self._of.__name__} '{receiver}' not found")
        return found

    def all_own(self, services: Services) -> list[T]:
        """Newest first; the operator's are those of all."""
        own = [one for one in self._kept(services).all().values() if _is_own(services, one)]
        return sorted(own, key=lambda one: (one.created_at, one.id), reverse=True)

    async def told(self, services: Services, found: T, form: type[Shown]) -> Shown:
        """As `form` shows it, with what became of its calls."""
        return shown(found, await services.deliveries.tallies.of(found.id), form)

    async def all_told(self, services: Services, form: type[Shown]) -> list[Shown]:
        tallies = await services.deliveries.tallies.all()
        return [shown(one, tallies.get(one.id, Tally()), form) for one in self.all_own(services)]

    def _kept(self, services: Services) -> Kept[T]:
        return services.deliveries.subscribers.kept_of(self._of)

    def _given(self, said: Form | Changes) -> dict[str, Any]:
        """What was said, as records hold it."""
        values = {name: getattr(said, name) for name in self._of.__struct_fields__ if hasattr(said, name)}
        return {name: _stored(value) for name, value in values.items() if value is not msgspec.UNSET}


WEBHOOKS = Receivers(Webhook, "url")
SUBSCRIPTIONS = Receivers(Subscription, "endpoint")


async def make_webhook(services: Services, form: WebhookForm) -> Webhook:
    """With a secret of its own."""
    return await WEBHOOKS.make(services, form, secret=new_secret(os.urandom))


async def new_webhook_secret(services: Services, webhook_id: str, overlap_ms: int) -> Webhook:
    """Calls are signed with the old one as well for `overlap_ms` more. Raises `NotFound`."""
    WEBHOOKS.own(services, webhook_id)
    now, secret = services.clock(), new_secret(os.urandom)
    await services.deliveries.subscribers.webhooks.change(
        webhook_id,
        lambda found: msgspec.structs.replace(
            found, secret=secret, old_secret=found.secret, old_secret_until=now + overlap_ms, updated_at=now
        ),
    )
    return WEBHOOKS.own(services, webhook_id)


def application_of(services: Services) -> str:
    """Whose receivers the caller makes."""
    return services.caller.application or OPERATORS


def shown(found: Webhook | Subscription, tally: Tally, form: type[Shown]) -> Shown:
    """The fields of the form, from the receiver and from what became of its calls."""
    counts = {"failure_count": tally.failures, "trigger_count": tally.succeeded, "last_triggered_at": tally.last_at}
    known = {name: getattr(found, name) for name in form.__struct_fields__ if name not in counts}
    return form(**known, **counts)


def _is_own(services: Services, found: Webhook | Subscription) -> bool:
    """A key for some queues has only what was made with the same bounds: else it could hear of the others."""
    caller = services.caller
    if caller.is_operator:
        return True
    return caller.application == found.application and set(caller.allowed_queues[1:]) <= set(found.reach)


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
