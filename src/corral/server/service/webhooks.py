"""`/api/webhooks`: URLs that an application has called when something happens to its jobs."""

from collections.abc import Callable
from typing import Any

import msgspec

from corral.model.errors import CorralError, InvalidInput, NotFound
from corral.model.subscriber import Tally, Webhook
from corral.operations.operation import Permission
from corral.operations.receivers import WEBHOOKS, make_webhook, new_webhook_secret
from corral.policy.moments import iso
from corral.policy.names import decode_segment
from corral.policy.submissions import decode_body
from corral.policy.subscriber_forms import WebhookChanges, WebhookForm
from corral.server.call import Access, Call, Route
from corral.server.http.message import Response
from corral.server.service.bodies import reading
from corral.server.service.errors import as_refusal, refusal, success
from corral.server.service.forms import formed


async def create(call: Call) -> Response:
    """POST /api/webhooks"""
    body = decode_body(call.request.body)
    if not isinstance(body, dict) or not body.get("url") or not isinstance(body.get("events"), list):
        raise InvalidInput("URL and events array are required")
    made = await make_webhook(call.services, formed(body, WebhookForm))
    shown = {name: getattr(made, name) for name in ("id", "url", "events", "queues", "secret", "active")}
    return success({**shown, "createdAt": iso(made.created_at)}, 201)


async def listing(call: Call) -> Response:
    """GET /api/webhooks; without the secrets."""
    tallies = await call.services.deliveries.tallies.all()
    return success([_shown(one, tallies.get(one.id, Tally())) for one in WEBHOOKS.all_own(call.services)])


async def get(call: Call) -> Response:
    """GET /api/webhooks/:id, with its secret."""
    return success(await _whole(call, WEBHOOKS.own(call.services, _id(call))))


async def change(call: Call) -> Response:
    """PATCH /api/webhooks/:id; what is left out stays."""
    changed = await WEBHOOKS.change(call.services, _id(call), formed(decode_body(call.request.body), WebhookChanges))
    whole = await _whole(call, changed)
    del whole["secret"]
    return success(whole)


async def delete(call: Call) -> Response:
    """DELETE /api/webhooks/:id"""
    await WEBHOOKS.delete(call.services, _id(call))
    return success({"message": "Webhook deleted successfully"})


async def test(call: Call) -> Response:
    """POST /api/webhooks/:id/test: calls it at once and tells how that went."""
    try:
        webhook = WEBHOOKS.own(call.services, _id(call))
    except NotFound:
        return refusal(404, "WEBHOOK_NOT_FOUND", "Webhook not found")
    called = await call.services.deliveries.test_webhook(webhook)
    told: dict[str, Any] = {"success": called.succeeded, "responseTime": called.ms}
    if not called.succeeded:
        told["error"] = called.reason
    return success(told)


async def regenerate(call: Call) -> Response:
    """POST /api/webhooks/:id/regenerate-secret; the old one ends at once."""
    changed = await new_webhook_secret(call.services, _id(call), 0)
    return success({"secret": changed.secret, "message": "Webhook secret regenerated successfully"})


def _explain(call_id: str) -> Callable[[CorralError], Response]:
    def explain(error: CorralError) -> Response:
        if isinstance(error, NotFound):
            return refusal(404, "WEBHOOK_NOT_FOUND", str(error))
        found = as_refusal(error)
        return refusal(500, f"WEBHOOK_{call_id}_ERROR", str(error)) if found.status == 500 else found

    return explain


def _shown(webhook: Webhook, tally: Tally) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "queues": webhook.queues,
        "active": webhook.active,
        "failureCount": tally.failures,
        "lastTriggeredAt": None if tally.last_at is None else iso(tally.last_at),
        "createdAt": iso(webhook.created_at),
        "updatedAt": iso(webhook.updated_at),
    }


async def _whole(call: Call, webhook: Webhook) -> dict[str, Any]:
    tally = await call.services.deliveries.tallies.of(webhook.id)
    retry = msgspec.to_builtins(webhook.retry_config)
    more = {"secret": webhook.secret, "headers": webhook.headers, "retryConfig": retry}
    return {**_shown(webhook, tally), **more}


def _id(call: Call) -> str:
    return decode_segment(call.params[0])


def _route(method: str, path: str, handler: Any, verb: str, permission: Permission = Permission.MANAGE) -> Route:
    path = f"/api/webhooks{path}"
    return Route(method, path, Access.KEY, reading(handler), _explain(verb), permission=permission)


ROUTES = (
    _route("POST", "", create, "CREATE"),
    _route("GET", "", listing, "LIST", Permission.READ),
    _route("GET", "/:id", get, "GET"),
    _route("PATCH", "/:id", change, "UPDATE"),
    _route("DELETE", "/:id", delete, "DELETE"),
    _route("POST", "/:id/test", test, "TEST"),
    _route("POST", "/:id/regenerate-secret", regenerate, "SECRET"),
)
