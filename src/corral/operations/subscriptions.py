"""Operations on subscriptions: a URL hears of changes of those jobs that a filter lets through."""

from typing import Any

import msgspec

from corral.model.subscriber import SubscriptionFilters, SubscriptionRetry, Tally
from corral.operations.operation import Operation, Permission
from corral.operations.receivers import SUBSCRIPTIONS, application_of, shown
from corral.operations.reply import Reply
from corral.operations.services import Services
from corral.operations.webhooks import DAY_MS, Id, Method, Overlap, Secret, row
from corral.policy.subscriber_forms import SubscriptionChanges, SubscriptionForm


class AllSubscriptions(msgspec.Struct, frozen=True):
    """Nothing to say."""


class OneSubscription(msgspec.Struct, frozen=True):
    """Names the subscription."""

    subscription: Id


class ChangeSubscription(SubscriptionChanges, frozen=True, rename="camel", kw_only=True):
    """What is left out stays."""

    subscription: Id


class ShownSubscription(msgspec.Struct, frozen=True, rename="camel"):
    """Times are ms since the epoch; `failureCount` are the calls since the last that succeeded."""

    id: str
    application: str
    name: str
    description: str | None
    endpoint: str
    method: str
    headers: dict[str, str]
    events: list[str]
    filters: SubscriptionFilters
    retry_config: SubscriptionRetry
    active: bool
    failure_count: int
    trigger_count: int
    last_triggered_at: int | None
    created_at: int
    updated_at: int


class Subscriptions(msgspec.Struct, frozen=True):
    """Newest first."""

    subscriptions: list[ShownSubscription]


class AskSecret(msgspec.Struct, frozen=True):
    """Nothing to say."""


class RotateSecret(msgspec.Struct, frozen=True, rename="camel"):
    """A day, unless said."""

    overlap_ms: Overlap = DAY_MS


async def list_subscriptions(services: Services, request: AllSubscriptions) -> Subscriptions:
    """Those of the application; for the operator those of all."""
    return Subscriptions(await SUBSCRIPTIONS.all_told(services, ShownSubscription))


async def create_subscription(services: Services, request: SubscriptionForm) -> Reply:
    """Hears of what happens from now on. Raises `InvalidInput` for a URL that may not be called."""
    made = await SUBSCRIPTIONS.make(services, request)
    return Reply(shown(made, Tally(), ShownSubscription), 201, location=f"/v1/subscriptions/{made.id}")


async def get_subscription(services: Services, request: OneSubscription) -> ShownSubscription:
    """Raises `NotFound`."""
    return await SUBSCRIPTIONS.told(services, SUBSCRIPTIONS.own(services, request.subscription), ShownSubscription)


async def change_subscription(services: Services, request: ChangeSubscription) -> ShownSubscription:
    """In force everywhere within a second. Raises `NotFound`."""
    changed = await SUBSCRIPTIONS.change(services, request.subscription, request)
    return await SUBSCRIPTIONS.told(services, changed, ShownSubscription)


async def delete_subscription(services: Services, request: OneSubscription) -> None:
    """What was not sent yet is not sent. Raises `NotFound`."""
    await SUBSCRIPTIONS.delete(services, request.subscription)


async def test_subscription(services: Services, request: OneSubscription) -> None:
    """An event that is made up goes out, whatever the filters say. Raises `NotFound`."""
    await services.deliveries.test_subscription(SUBSCRIPTIONS.own(services, request.subscription))


async def get_secret(services: Services, request: AskSecret) -> Secret:
    """The application's; made when it is first asked for."""
    application = application_of(services)
    found = await services.deliveries.subscribers.signing_secret(application)
    return Secret(found.secret, found.old_until or None)


async def rotate_secret(services: Services, request: RotateSecret) -> Secret:
    """The application's."""
    application = application_of(services)
    found = await services.deliveries.subscribers.new_signing_secret(application, request.overlap_ms)
    return Secret(found.secret, found.old_until or None)


def _row(name: str, method: Method, path: str, summary: str, request: type[msgspec.Struct], run: Any) -> Operation:
    found = row(name, method, f"/v1/subscriptions{path}", summary, request, run)
    return _replace(found, response=ShownSubscription)


_replace = msgspec.structs.replace
_ONE, _SECRET = "/{subscription}", "/v1/signing-secret"
OPERATIONS = (
    _replace(
        _row("listSubscriptions", "GET", "", "The subscriptions.", AllSubscriptions, list_subscriptions),
        response=Subscriptions,
    ),
    _replace(
        _row("createSubscription", "POST", "", "Hear of some jobs.", SubscriptionForm, create_subscription),
        status=201,
        example={
            "name": "urgent mail",
            "endpoint": "https://example.com/mail",
            "events": ["completed", "failed"],
            "filters": {"queues": ["mail"], "metadata": {"priority": "high"}},
        },
    ),
    _row("getSubscription", "GET", _ONE, "One subscription.", OneSubscription, get_subscription),
    _replace(
        _row("changeSubscription", "PATCH", _ONE, "Change a subscription, or switch it on or off.",
             ChangeSubscription, change_subscription),
        example={"active": False},
    ),
    _replace(
        _row("deleteSubscription", "DELETE", _ONE, "End a subscription.", OneSubscription, delete_subscription),
        response=None,
        status=204,
    ),
    _replace(
        _row("testSubscription", "POST", f"{_ONE}/test", "Send an event that is made up.", OneSubscription,
             test_subscription),
        response=None,
        status=204,
    ),
    _replace(
        row("getSigningSecret", "GET", _SECRET, "What calls of subscriptions and of jobs' own URLs are signed with.",
            AskSecret, get_secret),
        response=Secret,
        permission=Permission.ADMIN,
    ),
    _replace(
        row("rotateSigningSecret", "POST", _SECRET, "A new one; the old one signs on for a while.", RotateSecret,
            rotate_secret),
        response=Secret,
        permission=Permission.ADMIN,
        example={"overlapMs": DAY_MS},
    ),
)  # fmt: skip
