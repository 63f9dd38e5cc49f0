"""Older paths of the queue service: the queue in the path, answers under `data`."""

from typing import Any

from corral.model.errors import CorralError, JobNotFound
from corral.model.job_card import JobCard
from corral.operations.job_cards import OPERATORS
from corral.operations.operation import Permission
from corral.operations.submitted_jobs import look_with_notes, submit
from corral.policy.built_in_queues import JobDefaults
from corral.policy.names import decode_segment
from corral.policy.submissions import parse_submission
from corral.server.call import Access, Call, Route
from corral.server.http.message import Response
from corral.server.service.bodies import reading
from corral.server.service.errors import as_refusal, refusal, success, told
from corral.server.service.jobs import list_jobs, query_of
from corral.server.service.views import detailed


class LegacyRoutes:
    """The handlers, which know what jobs get that say nothing of it."""

    def __init__(self, defaults: JobDefaults) -> None:
        self._defaults = defaults

    async def submit(self, call: Call) -> Response:
        """POST /api/jobs/:queue, POST /api/queues/:queue/jobs"""
        given = parse_submission(call.request.body, call.services.names.max, decode_segment(call.params[0]))
        job_id = await submit(call.services, given, self._defaults)
        return success({"jobId": job_id, "queue": given.queue, "status": "waiting"}, 201)


async def listing(call: Call) -> Response:
    """GET /api/queues/:queue/jobs"""
    found = await list_jobs(call.services, query_of(call), decode_segment(call.params[0]))
    return told({"data": found, "count": len(found)})


async def read(call: Call) -> Response:
    """GET /api/jobs/:queue/:jobId, GET /api/queues/:queue/jobs/:jobId: also of a job without a card."""
    card = await _card(call)
    job, state, notes = await look_with_notes(call.services.store, card)
    return success(detailed(card, job, state, notes))


async def remove(call: Call) -> Response:
    """DELETE /api/jobs/:queue/:jobId, DELETE /api/queues/:queue/jobs/:jobId"""
    card = await _card(call)
    await call.services.store.job_moves.remove(card.queue, card.job_id, True)
    await call.services.store.job_index.remove([(card.queue, card.job_id)])
    return success({"message": f"Job '{card.job_id}' removed successfully"})


def routes(defaults: JobDefaults) -> tuple[Route, ...]:
    jobs = LegacyRoutes(defaults)
    return (
        _route("POST", "/api/jobs/:queue", jobs.submit, Permission.ENQUEUE),
        _route("GET", "/api/jobs/:queue/:jobId", read, Permission.READ),
        _route("DELETE", "/api/jobs/:queue/:jobId", remove, Permission.MANAGE),
        _route("POST", "/api/queues/:queue/jobs", jobs.submit, Permission.ENQUEUE),
        _route("GET", "/api/queues/:queue/jobs", listing, Permission.READ),
        _route("GET", "/api/queues/:queue/jobs/:jobId", read, Permission.READ),
        _route("DELETE", "/api/queues/:queue/jobs/:jobId", remove, Permission.MANAGE),
    )


async def _card(call: Call) -> JobCard:
    """The job's card, or one that says nothing, of a job that came otherwise. Raises `QueueForbidden`."""
    services = call.services
    queue, job_id = (decode_segment(part) for part in call.params)
    if services.physical is not None:
        services.physical(queue)
    (card,) = await services.store.job_index.cards([(queue, job_id)])
    if card is not None:
        return card
    job = await services.store.jobs.get(queue, job_id)
    if job is None:
        raise JobNotFound(f"Job '{job_id}' not found in queue '{queue}'")
    return JobCard(queue, job_id, services.caller.application or OPERATORS, job.timestamp)


def _explain(error: CorralError) -> Response:
    if isinstance(error, JobNotFound):
        return refusal(404, "JOB_NOT_FOUND", str(error))
    return as_refusal(error)


def _route(method: str, path: str, handler: Any, permission: Permission) -> Route:
    return Route(method, path, Access.KEY, reading(handler), _explain, permission=permission)
