"""Bodies of requests under `/api`, and the answer to those that are no JSON, or too large."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from corral.policy.moments import iso
from corral.policy.submissions import BadJson
from corral.server.call import Call, Handler
from corral.server.http.message import Response, StreamResponse
from corral.server.service.errors import JSON

_OF_JSON = {
    "hints": ["Look at the body of the request and at its Content-Type"],
    "possibleCauses": ["The body is not valid JSON", "The body is larger than this server takes"],
    "suggestedFixes": ["Send one JSON object in UTF-8", "Split large requests"],
    "relatedEndpoints": ["/api/explain", "/api/explain/errors"],
}
_encode = msgspec.json.Encoder().encode


def reading(handler: Callable[[Call], Awaitable[Response]]) -> Handler:
    """The same handler; a body that is no JSON is told of as the service's global error handler does."""

    async def handle(call: Call) -> Response | StreamResponse:
        try:
            return await handler(call)
        except BadJson as error:
            return broken(400, str(error), call.request.method, call.request.path, call.services.clock())

    return handle


def is_service(path: str) -> bool:
    """Whether a path belongs to the queue service, routed or not."""
    return path.startswith("/api/")


def broken(
    status: int, message: str, method: str, path: str, now: int, advice: Mapping[str, Sequence[str]] = _OF_JSON
) -> Response:
    """As the service's global error handler tells of what no resource has a shape for."""
    error = {"code": "INTERNAL_ERROR", "message": message, **advice}
    metadata = {"timestamp": iso(now), "path": path, "method": method}
    return Response(status, _encode({"success": False, "error": error, "metadata": metadata}), JSON)
