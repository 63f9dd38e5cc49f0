"""`/api/explain`: the routes explained, for people and programs without a key; and what `GET /` says of them."""

from collections.abc import Mapping
from typing import Any

from corral.policy.built_in_queues import BUILT_IN
from corral.policy.names import decode_segment
from corral.server.call import Access, Call, Handler, Route
from corral.server.http.message import Response
from corral.server.service.errors import refusal, success
from corral.server.service.explanations import OVERVIEW, QUEUES, TOPICS

WELCOME: Mapping[str, Any] = {
    "service": "Queue Service API",
    "version": "1.0.0",
    "status": "online",
    "documentation": "/api/explain",
    "quickstart": {
        "1": "Have an application made: POST /api/applications with the master key",
        "2": "Submit a job: POST /api/jobs with its key in x-api-key",
        "3": "Work it: PUT /api/jobs/:jobId with the status started, then completed",
        "4": "Look at it: GET /api/jobs/:jobId",
    },
    "hints": [
        "GET /api/explain tells of every route and needs no key",
        "Queues come with their first job",
        "POST /api/schedules has an endpoint called by the clock",
        "GET /docs is the reference of the native routes",
    ],
}
"""What the service answers at `/`."""


async def overview(call: Call) -> Response:
    """GET /api/explain, GET /api"""
    return success(OVERVIEW)


async def queue(call: Call) -> Response:
    """GET /api/explain/jobs/:queue"""
    name = decode_segment(call.params[0])
    if name not in QUEUES:
        return refusal(404, "QUEUE_NOT_DOCUMENTED", f"Queue '{name}' is not documented")
    known = BUILT_IN[name]
    return success({"queue": name, "description": known.description, "endpoint": "POST /api/jobs", **QUEUES[name]})


def _topic(name: str) -> Handler:
    async def explain(call: Call) -> Response:
        return success(TOPICS[name])

    return explain


ROUTES = (
    Route("GET", "/api", Access.OPEN, overview),
    Route("GET", "/api/explain", Access.OPEN, overview),
    *(Route("GET", f"/api/explain/{name}", Access.OPEN, _topic(name)) for name in TOPICS),
    Route("GET", "/api/explain/jobs/:queue", Access.OPEN, queue),
)
