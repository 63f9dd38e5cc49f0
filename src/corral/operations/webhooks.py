"""Operations on webhooks: URLs that are called when something happens to jobs."""

from typing import Annotated, Any, Literal

import msgspec

from corral.model.errors import NotFound
from corral.model.subscriber import Tally, Webhook, WebhookRetry
from corral.operations.operation import Operation, Permission
from corral.operations.receivers import WEBHOOKS, make_webhook, new_webhook_secret, shown
from corral.operations.reply import Reply
from corral.operations.services import Services
from corral.policy.subscriber_forms import WebhookChanges, WebhookForm

Id = Annotated[str, msgspec.Meta(max_length=100)]
Overlap = Annotated[
    int, msgspec.Meta(ge=0, le=365 * 86_400_000, description="Milliseconds for which the old one signs as well.")
]
DAY_MS = 86_400_000


class AllWebhooks(msgspec.Struct, frozen=True):
    """Nothing to say."""


class OneWebhook(msgspec.Struct, frozen=True):
    """Names the webhook."""

    webhook: Id


class ChangeWebhook(WebhookChanges, frozen=True, rename="camel", kw_only=True):
    """What is left out stays."""

    webhook: Id


class RotateWebhookSecret(msgspec.Struct, frozen=True, rename="camel"):
    """A day, unless said."""

    webhook: Id
    overlap_ms: Overlap = DAY_MS


class ShownWebhook(msgspec.Struct, frozen=True, rename="camel"):
    """Times are ms since the epoch; `failureCount` are the calls since the last that succeeded."""

    id: str
    application: str
    url: str
    events: list[str]
    queues: list[str]
    headers: dict[str, str]
    retry_config: WebhookRetry
    active: bool
    failure_count: int
    trigger_count: int
    last_triggered_at: int | None
    created_at: int
    updated_at: int


class NewWebhook(ShownWebhook, frozen=True, rename="camel", kw_only=True):
    """With the secret that its calls are signed with."""

    secret: str


class Webhooks(msgspec.Struct, frozen=True):
    """Newest first."""

    webhooks: list[ShownWebhook]


class Secret(msgspec.Struct, frozen=True, rename="camel"):
    """What calls are signed with; until `oldUntil` (ms since the epoch) the one before it signs as well."""

    secret: str
    old_until: int | None = None


class CallResult(msgspec.Struct, frozen=True):
    """How a test went: the status of the answer, or why there was none."""

    ok: bool
    ms: int
    status: int | None = None
    error: str | None = None


async def list_webhooks(services: Services, request: AllWebhooks) -> Webhooks:
    """Those of the application; for the operator those of all."""
    return Webhooks(await WEBHOOKS.all_told(services, ShownWebhook))


async def create_webhook(services: Services, request: WebhookForm) -> Reply:
    """Hears of what happens from now on. Raises `InvalidInput` for a URL that may not be called."""
    made = await make_webhook(services, request)
    return Reply(shown(made, Tally(), NewWebhook), 201, location=f"/v1/webhooks/{made.id}")


async def get_webhook(services: Services, request: OneWebhook) -> ShownWebhook:
    """Raises `NotFound`."""
    return await WEBHOOKS.told(services, WEBHOOKS.own(services, request.webhook), ShownWebhook)


async def change_webhook(services: Services, request: ChangeWebhook) -> ShownWebhook:
    """In force everywhere within a second. Raises `NotFound`."""
    changed = await WEBHOOKS.change(services, request.webhook, request)
    return await WEBHOOKS.told(services, changed, ShownWebhook)


async def delete_webhook(services: Services, request: OneWebhook) -> None:
    """What was not sent yet is not sent. Raises `NotFound`."""
    await WEBHOOKS.delete(services, request.webhook)


async def test_webhook(services: Services, request: OneWebhook) -> CallResult:
    """One call, now. Raises `NotFound`."""
    called = await services.deliveries.test_webhook(WEBHOOKS.own(services, request.webhook))
    return CallResult(called.succeeded, called.ms, called.status, None if called.succeeded else called.reason)


async def get_secret(services: Services, request: OneWebhook) -> Secret:
    """Raises `NotFound`."""
    return _secret(WEBHOOKS.own(services, request.webhook))


async def rotate_secret(services: Services, request: RotateWebhookSecret) -> Secret:
    """Raises `NotFound`."""
    return _secret(await new_webhook_secret(services, request.webhook, request.overlap_ms))


def _secret(webhook: Webhook) -> Secret:
    return Secret(webhook.secret, webhook.old_secret_until or None)


Method = Literal["GET", "POST", "PATCH", "DELETE"]


def row(name: str, method: Method, path: str, summary: str, request: type[msgspec.Struct], run: Any) -> Operation:
    """What the rows about receivers have in common."""
    return Operation(
        name=name,
        method=method,
        path=path,
        summary=summary,
        request=request,
        response=ShownWebhook,
        run=run,
        permission=Permission.MANAGE,
        tag="webhooks",
        errors=(NotFound,) if "{" in path else (),
    )


_replace = msgspec.structs.replace
_ONE = "/v1/webhooks/{webhook}"
OPERATIONS = (
    _replace(
        row("listWebhooks", "GET", "/v1/webhooks", "The webhooks.", AllWebhooks, list_webhooks), response=Webhooks
    ),
    _replace(
        row("createWebhook", "POST", "/v1/webhooks", "Have a URL called.", WebhookForm, create_webhook),
        response=NewWebhook,
        status=201,
        example={"url": "https://example.com/hooks", "events": ["job.completed", "job.failed"], "queues": ["mail-*"]},
    ),
    row("getWebhook", "GET", _ONE, "One webhook.", OneWebhook, get_webhook),
    _replace(
        row("changeWebhook", "PATCH", _ONE, "Change a webhook, or switch it on or off.", ChangeWebhook, change_webhook),
        example={"active": True},
    ),
    _replace(
        row("deleteWebhook", "DELETE", _ONE, "End a webhook.", OneWebhook, delete_webhook), response=None, status=204
    ),
    _replace(
        row("testWebhook", "POST", f"{_ONE}/test", "Call it now.", OneWebhook, test_webhook), response=CallResult
    ),
    _replace(
        row("getWebhookSecret", "GET", f"{_ONE}/secret", "What its calls are signed with.", OneWebhook, get_secret),
        response=Secret,
    ),
    _replace(
        row("rotateWebhookSecret", "POST", f"{_ONE}/secret", "A new secret; the old one signs on for a while.",
            RotateWebhookSecret, rotate_secret),
        response=Secret,
        example={"overlapMs": DAY_MS},
    ),
)  # fmt: skip
