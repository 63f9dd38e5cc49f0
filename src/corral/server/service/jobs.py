"""`/api/jobs`: jobs of any queue by their ids alone, worked by programs outside."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from corral.model.errors import CorralError, Forbidden
from corral.model.job_card import Filter
from corral.operations.job_reports import report
from corral.operations.operation import Permission
from corral.operations.services import Services
from corral.operations.submitted_jobs import FOREIGN, card_of, find, look_with_notes, register, submit
from corral.policy.built_in_queues import JobDefaults
from corral.policy.javascript import parse_int
from corral.policy.names import decode_segment
from corral.policy.submissions import parse_report, parse_submission, parse_webhooks
from corral.server.call import Access, Call, Route
from corral.server.http.message import Response
from corral.server.service.bodies import reading
from corral.server.service.errors import as_plain, plain, told
from corral.server.service.views import STATES, detailed, listed
from corral.store.job_index import CardQuery

_METADATA = "metadata."
_PAGE, _MOST = 100, 1000


class JobRoutes:
    """The handlers, which know what jobs get that say nothing of it."""

    def __init__(self, defaults: JobDefaults) -> None:
        self._defaults = defaults

    async def submit(self, call: Call) -> Response:
        """POST /api/jobs"""
        given = parse_submission(call.request.body, call.services.names.max)
        job_id = await submit(call.services, given, self._defaults)
        return told({"jobId": job_id, "message": f"Job submitted to {given.queue} queue"}, 201)

    async def update(self, call: Call) -> Response:
        """PUT /api/jobs/:id"""
        job_id = decode_segment(call.params[0])
        await report(call.services, job_id, parse_report(call.request.body), self._defaults.lock_ms)
        return told({"message": f"Job {job_id} updated"})


async def read(call: Call) -> Response:
    """GET /api/jobs/:id"""
    card = await card_of(call.services, decode_segment(call.params[0]))
    job, state, notes = await look_with_notes(call.services.store, card)
    return told({"job": detailed(card, job, state, notes)})


async def listing(call: Call) -> Response:
    """GET /api/jobs"""
    found = await list_jobs(call.services, query_of(call))
    return told({"jobs": found, "count": len(found)})


async def add_webhooks(call: Call) -> Response:
    """POST /api/jobs/:id/webhook"""
    job_id = decode_segment(call.params[0])
    webhooks = parse_webhooks(call.request.body)
    await register(call.services, job_id, webhooks)
    return told({"message": f"Webhooks registered for job {job_id}", "webhooks": webhooks})


def routes(defaults: JobDefaults) -> tuple[Route, ...]:
    jobs = JobRoutes(defaults)
    return (
        _route("POST", "/api/jobs", jobs.submit, Permission.ENQUEUE),
        _route("GET", "/api/jobs", listing, Permission.READ),
        _route("GET", "/api/jobs/:jobId", read, Permission.READ),
        _route("PUT", "/api/jobs/:jobId", jobs.update, Permission.WORK),
        _route("POST", "/api/jobs/:jobId/webhook", add_webhooks, Permission.ENQUEUE),
    )


async def list_jobs(services: Services, query: Mapping[str, str], queue: str | None = None) -> list[dict[str, Any]]:
    """The newest jobs that fit the parameters; none for a status that there is not. Raises `QueueForbidden`."""
    status = query.get("status") or "all"
    if status != "all" and status not in STATES:
        return []
    queue = queue or query.get("queue") or None
    if queue is not None and services.physical is not None:
        services.physical(queue)
    wanted = CardQuery(
        queues=None if queue is None else (queue,),
        states=STATES.get(status),
        filters=tuple(
            Filter(name.removeprefix(_METADATA), value) for name, value in query.items() if name.startswith(_METADATA)
        ),
    )
    return [listed(one) for one in await find(services, wanted, _limit(query.get("limit")))]


def query_of(call: Call) -> dict[str, str]:
    """The parameters; of one that comes twice the last counts."""
    return dict(parse_qsl(call.request.query, keep_blank_values=True))


def explain(error: CorralError) -> Response:
    """A job of another application is told of as the original does."""
    if type(error) is Forbidden and str(error) == FOREIGN:
        return plain(403, FOREIGN)
    return as_plain(error)


def _limit(given: str | None) -> int:
    wanted = parse_int(given) if given else None
    return _PAGE if wanted is None or wanted < 1 else min(wanted, _MOST)


def _route(method: str, path: str, handler: Any, permission: Permission) -> Route:
    return Route(method, path, Access.KEY, reading(handler), explain, permission=permission)
