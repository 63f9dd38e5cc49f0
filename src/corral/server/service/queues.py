"""`/api/queues`: which queues there are, what they hold, and their switches."""

from typing import Any

from corral.model.errors import CorralError, Forbidden, QueueForbidden, QueueNotFound
from corral.model.queue import QueueInfo
from corral.operations.operation import Permission
from corral.operations.services import Services
from corral.policy.built_in_queues import BUILT_IN, JobDefaults, default_options, description
from corral.policy.javascript import is_number
from corral.policy.names import decode_segment
from corral.policy.submissions import decode_body
from corral.server.call import Access, Call, Handler, Route
from corral.server.http.message import Response
from corral.server.service.bodies import reading
from corral.server.service.errors import as_refusal, refusal, success
from corral.store.directory import NameQuery

_PAGE, _PAGES = 500, 20
_MOST_CLEANED = 1000
_SWITCHES = {"pause": "paused", "resume": "resumed", "clean": "cleaned"}


class QueueRoutes:
    """The handlers, which know what jobs get that say nothing of it."""

    def __init__(self, defaults: JobDefaults) -> None:
        self._defaults = defaults

    async def listing(self, call: Call) -> Response:
        """GET /api/queues"""
        names = await _names(call.services)
        return success([self._described(name) for name in names])

    def _described(self, name: str) -> dict[str, Any]:
        options = default_options(name, self._defaults)
        return {"name": name, "description": description(name), "defaultJobOptions": options}


async def stats(call: Call) -> Response:
    """GET /api/queues/stats"""
    services = call.services
    names = await _names(services)
    found = await services.store.directory.describe(names, services.clock())
    return success([_stats(name, info) for name, info in zip(names, found, strict=True)])


async def queue_stats(call: Call) -> Response:
    """GET /api/queues/:queue/stats"""
    name = decode_segment(call.params[0])
    return success(_stats(name, await _existing(call.services, name)))


async def pause(call: Call) -> Response:
    """POST /api/queues/:queue/pause"""
    name = decode_segment(call.params[0])
    await _existing(call.services, name)
    await call.services.store.queues.pause(name)
    return _done(name, "pause")


async def resume(call: Call) -> Response:
    """POST /api/queues/:queue/resume"""
    name = decode_segment(call.params[0])
    await _existing(call.services, name)
    await call.services.store.queues.resume(name)
    return _done(name, "resume")


async def clean(call: Call) -> Response:
    """POST /api/queues/:queue/clean: completed jobs that ended more than `grace` ms ago, up to a thousand."""
    name = decode_segment(call.params[0])
    body = decode_body(call.request.body)
    grace = body.get("grace") if isinstance(body, dict) else 0
    before = call.services.clock() - (int(grace) if is_number(grace) and grace > 0 else 0)
    await _existing(call.services, name)
    await call.services.store.queue_moves.clean(name, "completed", before, _MOST_CLEANED)
    return _done(name, "clean")


def routes(defaults: JobDefaults) -> tuple[Route, ...]:
    queues = QueueRoutes(defaults)
    return (
        Route("GET", "/api/queues", Access.KEY, queues.listing, _explain, permission=Permission.READ),
        Route("GET", "/api/queues/stats", Access.KEY, stats, _explain, permission=Permission.READ),
        Route("GET", "/api/queues/:queue/stats", Access.KEY, queue_stats, _explain, permission=Permission.READ),
        _switch("pause", pause),
        _switch("resume", resume),
        _switch("clean", clean),
    )


def _switch(verb: str, handler: Any) -> Route:
    def explain(error: CorralError) -> Response:
        if isinstance(error, Forbidden):
            return refusal(403, "PERMISSION_DENIED", f"Only master application can {verb} queues")
        return _explain(error)

    read: Handler = reading(handler)
    return Route("POST", f"/api/queues/:queue/{verb}", Access.KEY, read, explain, permission=Permission.OPERATOR)


def _explain(error: CorralError) -> Response:
    if isinstance(error, QueueNotFound):
        return refusal(404, "QUEUE_NOT_FOUND", str(error))
    return as_refusal(error)


async def _names(services: Services) -> list[str]:
    """The built-in ones that the caller reaches, then the others that there are."""
    found = [name for name in BUILT_IN if services.caller.is_operator or services.caller.reaches(name)]
    after = ""
    for _ in range(_PAGES):
        names, end = await services.store.directory.names(NameQuery(limit=_PAGE, after=after), services.clock())
        found += [name for name in names if name not in BUILT_IN]
        if end is None:
            break
        after = end
    return found


async def _existing(services: Services, name: str) -> QueueInfo | None:
    """None for a built-in queue that holds nothing yet. Raises `QueueNotFound`, `QueueForbidden`."""
    if services.physical is not None:
        services.physical(name)
    elif not services.caller.is_operator and not services.caller.reaches(name):
        raise QueueForbidden(f"Access denied to queue: {name}")
    (info,) = await services.store.directory.describe([name], services.clock())
    if info is None and name not in BUILT_IN:
        raise QueueNotFound(f"Queue '{name}' not found")
    return info


def _stats(name: str, info: QueueInfo | None) -> dict[str, Any]:
    counts = {} if info is None else info.counts
    waiting = counts.get("waiting", 0) + counts.get("prioritized", 0)
    paused = info is not None and info.paused
    return {
        "name": name,
        "waiting": 0 if paused else waiting,
        "active": counts.get("active", 0),
        "completed": counts.get("completed", 0),
        "failed": counts.get("failed", 0),
        "delayed": counts.get("delayed", 0),
        "paused": waiting if paused else 0,
    }


def _done(name: str, verb: str) -> Response:
    return success({"message": f"Queue '{name}' {_SWITCHES[verb]} successfully"})
