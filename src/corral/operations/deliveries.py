"""Operations on what was sent: every attempt, and sending again."""

import re
from typing import Annotated, Any

import msgspec

from corral.model.delivery import Delivery, DeliveryAttempt, Kind, kind_of
from corral.model.errors import BadField, FieldProblem, Forbidden, NotFound
from corral.model.subscriber import Subscription, Webhook
from corral.operations.operation import Operation
from corral.operations.receivers import SUBSCRIPTIONS, WEBHOOKS, application_of
from corral.operations.services import Services
from corral.operations.webhooks import Id, Method, row
from corral.policy.cursors import decode_cursor, encode_cursor

PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Most attempts of a page.")]
Moment = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="ms since the epoch.")]
_ROW = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})?")


class JobAttempts(msgspec.Struct, frozen=True):
    """`cursor` is that of the page before."""

    cursor: str | None = None
    limit: PageSize = 100


class WebhookAttempts(JobAttempts, frozen=True, kw_only=True):
    """Of one webhook."""

    webhook: Id


class SubscriptionAttempts(JobAttempts, frozen=True, kw_only=True):
    """Of one subscription."""

    subscription: Id


class ResendJobs(msgspec.Struct, frozen=True, rename="camel"):
    """What was sent from `since` on; with `failedOnly`, of that what has not got through."""

    since: Moment = 0
    failed_only: bool = True


class ResendWebhook(ResendJobs, frozen=True, rename="camel", kw_only=True):
    """To one webhook."""

    webhook: Id


class ResendSubscription(ResendJobs, frozen=True, rename="camel", kw_only=True):
    """To one subscription."""

    subscription: Id


class OneDelivery(msgspec.Struct, frozen=True):
    """Names the delivery."""

    delivery: Id


class AttemptPage(msgspec.Struct, frozen=True, rename="camel"):
    """The newest first. `nextCursor` asks for the next page, null: this was the last."""

    attempts: list[DeliveryAttempt]
    next_cursor: str | None


class Resent(msgspec.Struct, frozen=True):
    """How many messages go out again."""

    count: int


class NewDelivery(msgspec.Struct, frozen=True):
    """The delivery by which it goes out again."""

    id: str


class ShownDelivery(msgspec.Struct, frozen=True, rename="camel"):
    """`target` is the id of the receiver, or the URL that the job was given. `state` is that of the delivery's own
    job; `at` is when the event was, in ms since the epoch."""

    id: str
    kind: Kind
    target: str
    message: str
    event: str
    job_id: str
    at: int
    state: str
    body: msgspec.Raw
    attempts: list[DeliveryAttempt]


async def webhook_attempts(services: Services, request: WebhookAttempts) -> AttemptPage:
    """Raises `NotFound`."""
    found = WEBHOOKS.own(services, request.webhook)
    return await _page(services, _to(found), request)


async def subscription_attempts(services: Services, request: SubscriptionAttempts) -> AttemptPage:
    """Raises `NotFound`."""
    found = SUBSCRIPTIONS.own(services, request.subscription)
    return await _page(services, _to(found), request)


async def job_attempts(services: Services, request: JobAttempts) -> AttemptPage:
    """Of the URLs that jobs were given."""
    return await _page(services, _of_jobs(services), request)


async def resend_webhook(services: Services, request: ResendWebhook) -> Resent:
    """Raises `NotFound`."""
    found = WEBHOOKS.own(services, request.webhook)
    return await _again(services, _to(found), request)


async def resend_subscription(services: Services, request: ResendSubscription) -> Resent:
    """Raises `NotFound`."""
    found = SUBSCRIPTIONS.own(services, request.subscription)
    return await _again(services, _to(found), request)


async def resend_jobs(services: Services, request: ResendJobs) -> Resent:
    return await _again(services, _of_jobs(services), request)


async def get_delivery(services: Services, request: OneDelivery) -> ShownDelivery:
    """Raises `NotFound`."""
    delivery, state, attempts = await services.deliveries.get(request.delivery)
    _check_own(services, request.delivery, delivery)
    return ShownDelivery(
        id=request.delivery,
        kind=delivery.kind,
        target=delivery.target,
        message=delivery.message,
        event=delivery.event,
        job_id=delivery.job_id,
        at=delivery.at,
        state=state,
        body=msgspec.Raw(delivery.body.encode()),
        attempts=attempts,
    )


async def resend(services: Services, request: OneDelivery) -> NewDelivery:
    """The same message once more, whatever became of it. Raises `NotFound`."""
    delivery, _, _ = await services.deliveries.get(request.delivery)
    _check_own(services, request.delivery, delivery)
    return NewDelivery(await services.deliveries.resend(request.delivery))


Target = tuple[Kind, str, str]


def _to(found: Webhook | Subscription) -> Target:
    return kind_of(found), found.id, found.application


def _of_jobs(services: Services) -> Target:
    """A key for some queues must not learn of the jobs of others."""
    if len(services.caller.allowed_queues) > 1:
        raise Forbidden("A key for some queues only may not see what all jobs have sent")
    return "job", "", application_of(services)


def _check_own(services: Services, delivery_id: str, delivery: Delivery) -> None:
    try:
        match delivery.kind:
            case "webhook":
                WEBHOOKS.own(services, delivery.target)
            case "subscription":
                SUBSCRIPTIONS.own(services, delivery.target)
            case "job":
                if not services.caller.is_operator and _of_jobs(services)[2] != delivery.application:
                    raise NotFound
    except (NotFound, Forbidden):
        raise NotFound(f"Delivery '{delivery_id}' not found") from None


async def _page(services: Services, target: Target, request: JobAttempts) -> AttemptPage:
    before = None if request.cursor is None else decode_cursor(request.cursor)
    if before is not None and not _ROW.fullmatch(before):
        raise BadField(FieldProblem("The cursor is not one that this server gave", parameter="cursor"))
    attempts, end = await services.deliveries.attempts(*target, before, request.limit)
    return AttemptPage(attempts, None if end is None else encode_cursor(end))


async def _again(services: Services, target: Target, request: ResendJobs) -> Resent:
    return Resent(await services.deliveries.resend_all(*target, request.since, request.failed_only))


def _row(name: str, method: Method, path: str, summary: str, request: type[msgspec.Struct], run: Any) -> Operation:
    response = AttemptPage if method == "GET" else Resent
    return msgspec.structs.replace(row(name, method, f"/v1{path}", summary, request, run), response=response)


_replace = msgspec.structs.replace
_WEBHOOK, _SUBSCRIPTION = "/webhooks/{webhook}", "/subscriptions/{subscription}"
_EXAMPLE = {"since": 1767225600000, "failedOnly": True}
OPERATIONS = (
    _row("webhookAttempts", "GET", f"{_WEBHOOK}/attempts", "Every call of a webhook.", WebhookAttempts,
         webhook_attempts),
    _replace(
        _row("resendWebhook", "POST", f"{_WEBHOOK}/resend", "Send to a webhook again.", ResendWebhook, resend_webhook),
        example=_EXAMPLE,
    ),
    _row("subscriptionAttempts", "GET", f"{_SUBSCRIPTION}/attempts", "Every call of a subscription.",
         SubscriptionAttempts, subscription_attempts),
    _replace(
        _row("resendSubscription", "POST", f"{_SUBSCRIPTION}/resend", "Send to a subscription again.",
             ResendSubscription, resend_subscription),
        example=_EXAMPLE,
    ),
    _row("jobUrlAttempts", "GET", "/job-deliveries/attempts", "Every call of the URLs that jobs were given.",
         JobAttempts, job_attempts),
    _replace(
        _row("resendToJobUrls", "POST", "/job-deliveries/resend", "Send to the URLs of jobs again.", ResendJobs,
             resend_jobs),
        example=_EXAMPLE,
    ),
    _replace(
        _row("getDelivery", "GET", "/deliveries/{delivery}", "One message, and each call by which it was sent.",
             OneDelivery, get_delivery),
        response=ShownDelivery,
    ),
    _replace(
        _row("resendDelivery", "POST", "/deliveries/{delivery}/resend", "Send one message again.", OneDelivery, resend),
        response=NewDelivery,
    ),
)  # fmt: skip
