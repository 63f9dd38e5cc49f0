"""The native routes, made from the table of operations."""

from collections.abc import Iterable

import msgspec

from corral.operations.operation import Operation
from corral.operations.reply import Reply, Stream
from corral.policy.names import check_queue_name
from corral.server.call import Access, Call, Handler, Route
from corral.server.http.message import Response, StreamResponse
from corral.server.v1.decode import RequestDecoder
from corral.server.v1.event_stream import as_event_stream
from corral.server.v1.problems import as_problem

JSON = "application/json"
_encode = msgspec.json.Encoder().encode


def routes_of(operations: Iterable[Operation]) -> list[Route]:
    """One route per operation."""
    return [
        Route(one.method, as_pattern(one.path), Access.TOKEN, _handler(one), explain=as_problem) for one in operations
    ]


def _handler(operation: Operation) -> Handler:
    decoder = RequestDecoder(operation)
    names_queue = "queue" in operation.path_fields

    async def handle(call: Call) -> Response | StreamResponse:
        request = decoder.decode(call.request, call.params)
        if names_queue:
            limits = call.services.names
            check_queue_name(request.queue, limits.min, limits.max)
        result = await operation.run(call.services, request)
        if isinstance(result, Response):
            return result
        if isinstance(result, Reply):
            headers = () if result.location is None else (("location", result.location),)
            return Response(result.status, _encode(result.value), JSON, headers, result.undelivered)
        if isinstance(result, Stream):
            return as_event_stream(result.items)
        if operation.response is None:
            return Response(204)
        return Response(operation.status, _encode(result), JSON)

    return handle


def as_pattern(path: str) -> str:
    """`/queues/{queue}` as the router writes it."""
    return path.replace("{", ":").replace("}", "")
