"""`/api/schedules`: calls of HTTP endpoints by the clock."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from corral.model.errors import InvalidInput, NameTaken, NotFound, NotInState
from corral.model.schedule import Executions, Schedule
from corral.operations.operation import Permission
from corral.operations.schedules import (
    change_schedule,
    execute_schedule,
    make_schedule,
    own_schedule,
    own_schedules,
    remove_schedule,
    toggle_schedule,
)
from corral.policy.moments import iso
from corral.policy.names import decode_segment
from corral.policy.schedule_forms import Problem, parts_of, problem, problems_of
from corral.policy.schedule_timing import shown_timing
from corral.policy.submissions import decode_body
from corral.server import failures
from corral.server.call import Access, Call, Handler, Route
from corral.server.http.message import Response, StreamResponse
from corral.server.service.bodies import broken, reading
from corral.server.service.errors import JSON, as_refusal, success, told

_ID = re.compile(r"[0-9a-fA-F]{24}")
_INVALID = "Invalid value"
_PAGE, _MOST = 20, 100
_ADVICE = {
    "hints": ["A schedule has a cron pattern or a moment, and an endpoint that is called then"],
    "possibleCauses": [
        "There is no such schedule",
        "The name is in use",
        "The timing is one by which nothing comes",
        "The endpoint is inside the network of the server, which CORRAL_ALLOW_TARGETS has to allow",
    ],
    "suggestedFixes": ["GET /api/schedules lists those that there are", "Look at /api/explain/schedules"],
    "relatedEndpoints": ["/api/schedules", "/api/explain/schedules"],
}
_TOLD = (InvalidInput, NotFound, NameTaken, NotInState)
_encode = msgspec.json.Encoder().encode


class _Wrong(Exception):
    """Members of the request that are wrong, all at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].msg)
        self.problems = problems


async def create(call: Call) -> Response:
    """POST /api/schedules"""
    made = await make_schedule(call.services, parts_of(_body(call, whole=True)))
    return success(await _shown(call, made), 201)


async def listing(call: Call) -> Response:
    """GET /api/schedules: newest first."""
    query = dict(parse_qsl(call.request.query))
    page, limit = _number(query, "page", 1, 1_000_000_000), _number(query, "limit", _PAGE, _MOST)
    found = await own_schedules(call.services)
    if query.get("enabled") in ("true", "false"):
        found = [one for one in found if one.enabled == (query["enabled"] == "true")]
    if query.get("createdBy"):
        found = [one for one in found if one.created_by == query["createdBy"]]
    some = found[(page - 1) * limit : page * limit]
    shown = await asyncio.gather(*(_shown(call, one) for one in some))
    pagination = {"total": len(found), "page": page, "pages": math.ceil(len(found) / limit)}
    return told({"data": shown, "pagination": pagination})


async def get(call: Call) -> Response:
    """GET /api/schedules/:id"""
    return success(await _shown(call, await own_schedule(call.services, _id(call))))


async def change(call: Call) -> Response:
    """PUT /api/schedules/:id; what is left out stays."""
    before = await own_schedule(call.services, _id(call))
    changes = parts_of(_body(call, whole=False), before)
    return success(await _shown(call, await change_schedule(call.services, before.id, changes)))


async def toggle(call: Call) -> Response:
    """PATCH /api/schedules/:id/toggle"""
    schedule_id, body = _id(call), decode_body(call.request.body)
    enabled = body.get("enabled", msgspec.UNSET) if isinstance(body, dict) else msgspec.UNSET
    if not isinstance(enabled, bool):
        raise _Wrong([problem(_INVALID, "enabled", enabled)])
    return success(await _shown(call, await toggle_schedule(call.services, schedule_id, enabled)))


async def delete(call: Call) -> Response:
    """DELETE /api/schedules/:id"""
    await remove_schedule(call.services, _id(call))
    return told({"message": "Schedule deleted successfully"})


async def execute(call: Call) -> Response:
    """POST /api/schedules/:id/execute: calls the endpoint at once and tells how that went."""
    schedule_id = _id(call)
    execution = f"manual_{schedule_id}_{call.services.clock()}"
    called = await execute_schedule(call.services, schedule_id, execution)
    succeeded = called.status is not None and called.status < 400
    data: dict[str, Any] = {"executionId": execution, "success": succeeded, "responseTime": called.ms}
    if not succeeded:
        data["error"] = called.reason
    return success(data)


def routes(is_open: bool) -> tuple[Route, ...]:
    """`is_open`: also for those who show no key."""
    access = Access.KEY_IF_ANY if is_open else Access.KEY

    def row(method: str, path: str, handler: Any, permission: Permission = Permission.MANAGE) -> Route:
        path = f"/api/schedules{path}"
        return Route(method, path, access, _telling(handler), as_refusal, permission=permission)

    return (
        row("POST", "", create),
        row("GET", "", listing, Permission.READ),
        row("GET", "/:id", get, Permission.READ),
        row("PUT", "/:id", change),
        row("PATCH", "/:id/toggle", toggle),
        row("DELETE", "/:id", delete),
        row("POST", "/:id/execute", execute),
    )


def _telling(handler: Callable[[Call], Awaitable[Response]]) -> Handler:
    """The same handler, with what is wrong told in the shapes of schedules."""
    read = reading(handler)

    async def handle(call: Call) -> Response | StreamResponse:
        try:
            return await read(call)
        except _Wrong as wrong:
            return Response(400, _encode({"errors": wrong.problems}), JSON)
        except _TOLD as error:
            status, request, now = failures.status_of(error), call.request, call.services.clock()
            return broken(status, str(error), request.method, request.path, now, _ADVICE)

    return handle


def _body(call: Call, *, whole: bool) -> dict[str, Any]:
    body = decode_body(call.request.body)
    found = problems_of(body, whole=whole)
    if found:
        raise _Wrong(found)
    return body if isinstance(body, dict) else {}


def _id(call: Call) -> str:
    found = decode_segment(call.params[0])
    if not _ID.fullmatch(found):
        raise _Wrong([problem(_INVALID, "id", found, "params")])
    return found.lower()


def _number(query: dict[str, str], name: str, unless: int, most: int) -> int:
    given = query.get(name, "")
    if not given:
        return unless
    if not (given.isascii() and given.isdigit() and len(given) < 15 and 1 <= int(given) <= most):
        raise _Wrong([problem(_INVALID, name, given, "query")])
    return int(given)


async def _shown(call: Call, schedule: Schedule) -> dict[str, Any]:
    schedules = call.services.schedules
    next_run, executions = await asyncio.gather(
        schedules.next_run(schedule, call.services.clock()), schedules.executions.of(schedule.id)
    )
    return {
        "id": schedule.id,
        "name": schedule.name,
        "description": schedule.description,
        "schedule": shown_timing(schedule.timing),
        "endpoint": _endpoint(schedule),
        "retryPolicy": schedule.retry_policy,
        "enabled": schedule.enabled,
        "createdBy": schedule.created_by,
        "metadata": schedule.metadata,
        **_history(executions),
        "nextExecutionAt": _moment(next_run),
        "executionCount": executions.count,
        "createdAt": iso(schedule.created_at),
        "updatedAt": iso(schedule.updated_at),
    }


def _endpoint(schedule: Schedule) -> dict[str, Any]:
    endpoint = schedule.endpoint
    shown = {"url": endpoint.url, "method": endpoint.method, "headers": endpoint.headers, "timeout": endpoint.timeout}
    return shown if endpoint.body is None else {**shown, "body": endpoint.body}


def _history(executions: Executions) -> dict[str, Any]:
    return {
        "lastExecutedAt": _moment(executions.last_at),
        "lastExecutionStatus": executions.status,
        "lastExecutionError": executions.error,
    }


def _moment(at: int | None) -> str | None:
    return None if at is None else iso(at)
