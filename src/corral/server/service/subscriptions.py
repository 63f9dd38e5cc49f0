"""`/api/subscriptions`: an application hears of changes of those of its jobs that a filter lets through."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from corral.model.errors import CorralError, InvalidInput, NotFound
from corral.model.subscriber import Subscription, Tally
from corral.operations.operation import Permission
from corral.operations.receivers import SUBSCRIPTIONS
from corral.policy.matching import SUBSCRIPTION_EVENTS, unknown
from corral.policy.moments import iso
from corral.policy.names import decode_segment
from corral.policy.submissions import decode_body
from corral.policy.subscriber_forms import SubscriptionChanges, SubscriptionForm
from corral.policy.targets import host_of
from corral.server.call import Access, Call, Route
from corral.server.http.message import Response
from corral.server.service.bodies import reading
from corral.server.service.errors import JSON, as_plain, plain, told
from corral.server.service.forms import formed

_BRIEF = ("id", "name", "endpoint", "filters", "events", "active")
_encode = msgspec.json.Encoder().encode


async def create(call: Call) -> Response:
    """POST /api/subscriptions"""
    body = decode_body(call.request.body)
    problems = _problems(body if isinstance(body, dict) else {})
    if problems:
        return _wrong(problems)
    try:
        made = await SUBSCRIPTIONS.make(call.services, formed(body, SubscriptionForm))
    except InvalidInput as error:
        return _wrong([str(error)])
    return told({"subscription": _brief(made)}, 201)


async def listing(call: Call) -> Response:
    """GET /api/subscriptions: newest first; `queue` finds those that name it."""
    query = dict(parse_qsl(call.request.query))
    found = SUBSCRIPTIONS.all_own(call.services)
    if query.get("active") in ("true", "false"):
        found = [one for one in found if one.active == (query["active"] == "true")]
    if query.get("queue"):
        found = [one for one in found if query["queue"] in one.filters.queues]
    tallies = await call.services.deliveries.tallies.all()
    shown = [{**_brief(one), **_more(one, tallies.get(one.id, Tally()))} for one in found]
    return told({"subscriptions": shown, "count": len(shown)})


async def get(call: Call) -> Response:
    """GET /api/subscriptions/:id"""
    return told({"subscription": await _whole(call, SUBSCRIPTIONS.own(call.services, _id(call)))})


async def change(call: Call) -> Response:
    """PUT /api/subscriptions/:id; what is left out stays."""
    SUBSCRIPTIONS.own(call.services, _id(call))
    try:
        changes = formed(decode_body(call.request.body), SubscriptionChanges)
        changed = await SUBSCRIPTIONS.change(call.services, _id(call), changes)
    except InvalidInput as error:
        return _wrong([str(error)])
    return told({"subscription": await _whole(call, changed)})


async def delete(call: Call) -> Response:
    """DELETE /api/subscriptions/:id"""
    await SUBSCRIPTIONS.delete(call.services, _id(call))
    return told({"message": "Subscription deleted successfully"})


async def test(call: Call) -> Response:
    """POST /api/subscriptions/:id/test: an event that is made up goes out, whatever the filters say."""
    subscription = SUBSCRIPTIONS.own(call.services, _id(call))
    event = await call.services.deliveries.test_subscription(subscription)
    about = {"applicationId": subscription.application, "timestamp": iso(call.services.clock())}
    return told({"message": "Test event sent", "testEvent": {**event, **about}})


def _problems(body: dict[str, Any]) -> list[str]:
    found = [] if body.get("name") else ["Name is required"]
    endpoint, events = body.get("endpoint"), body.get("events")
    if not endpoint:
        found.append("Endpoint URL is required")
    elif not isinstance(endpoint, str) or not _is_url(endpoint):
        found.append("Invalid endpoint URL")
    if not isinstance(events, list) or not events:
        found.append("At least one event type must be specified")
    elif strange := unknown(events, SUBSCRIPTION_EVENTS):
        found.append(f"Unknown event type: {', '.join(strange)}")
    return found


def _is_url(url: str) -> bool:
    try:
        host_of(url)
    except InvalidInput:
        return False
    return True


def _wrong(problems: list[str]) -> Response:
    return Response(400, _encode({"success": False, "errors": problems}), JSON)


def _brief(subscription: Subscription) -> dict[str, Any]:
    return {name: getattr(subscription, name) for name in _BRIEF}


def _more(subscription: Subscription, tally: Tally) -> dict[str, Any]:
    return {
        "description": subscription.description,
        "lastTriggeredAt": None if tally.last_at is None else iso(tally.last_at),
        "triggerCount": tally.succeeded,
        "createdAt": iso(subscription.created_at),
        "updatedAt": iso(subscription.updated_at),
    }


async def _whole(call: Call, subscription: Subscription) -> dict[str, Any]:
    tally = await call.services.deliveries.tallies.of(subscription.id)
    sent = {
        "applicationId": subscription.application,
        "method": subscription.method,
        "headers": subscription.headers,
        "retryConfig": subscription.retry_config,
    }
    return {**_brief(subscription), **sent, **_more(subscription, tally)}


def _explain(error: CorralError) -> Response:
    if isinstance(error, NotFound):
        return plain(404, "Subscription not found")
    return as_plain(error)


def _id(call: Call) -> str:
    return decode_segment(call.params[0])


def _route(method: str, path: str, handler: Any, permission: Permission = Permission.MANAGE) -> Route:
    return Route(method, f"/api/subscriptions{path}", Access.KEY, reading(handler), _explain, permission=permission)


ROUTES = (
    _route("POST", "", create),
    _route("GET", "", listing, Permission.READ),
    _route("GET", "/:id", get),
    _route("PUT", "/:id", change),
    _route("DELETE", "/:id", delete),
    _route("POST", "/:id/test", test),
)
