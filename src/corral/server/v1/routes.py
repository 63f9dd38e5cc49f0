"""The native routes, made from the table of operations."""

from collections.abc import Iterable
from typing import Any

import msgspec

from corral.model.errors import BadField, FieldProblem, InvalidInput
from corral.operations.operation import Operation
from corral.operations.reply import Reply, Stream
from corral.operations.table import OPERATIONS
from corral.policy.names import check_queue_name
from corral.server.call import Access, Call, Handler, Route
from corral.server.http.message import Request, Response, StreamResponse
from corral.server.v1 import lines
from corral.server.v1.decode import RequestDecoder
from corral.server.v1.event_stream import as_event_stream
from corral.server.v1.keyed import keyed
from corral.server.v1.problems import as_problem
from corral.server.v1.tagged import tagged

JSON = "application/json"
_encode = msgspec.json.Encoder().encode


def routes_of(operations: Iterable[Operation]) -> list[Route]:
    """One route per operation, and a HEAD for each GET that comes to an end."""
    routes: list[Route] = []
    for one in operations:
        pattern, handler = as_pattern(one.path), _handler(one)
        methods = ("GET", "HEAD") if one.method == "GET" and not one.headers else (one.method,)
        routes += [
            Route(method, pattern, Access.TOKEN, handler, as_problem, permission=one.permission) for method in methods
        ]
    return routes


def as_pattern(path: str) -> str:
    """`/queues/{queue}` as the router writes it."""
    return path.replace("{", ":").replace("}", "")


def _handler(operation: Operation) -> Handler:
    handler = _in_pages(operation) if operation.pages else _plain(operation)
    if operation.lines and operation.body:
        handler = _by_line(handler)
    if operation.keyed:
        handler = keyed(handler)
    return tagged(handler) if operation.tagged else handler


def _plain(operation: Operation) -> Handler:
    decode = _decoder(operation)

    async def handle(call: Call) -> Response | StreamResponse:
        result = await operation.run(call.services, decode(call))
        return result if isinstance(result, Response) else _answer(operation, call.request, result)

    return handle


def _decoder(operation: Operation) -> Any:
    decoder = RequestDecoder(operation)
    if "queue" not in operation.path_fields:
        return lambda call: decoder.decode(call.request, call.params)

    def decode(call: Call) -> Any:
        request = decoder.decode(call.request, call.params)
        limits = call.services.names
        try:
            check_queue_name(request.queue, limits.min, limits.max)
        except InvalidInput as error:
            raise BadField(FieldProblem(str(error), parameter="queue")) from None
        return request

    return decode


def _answer(operation: Operation, request: Request, result: Any) -> Response | StreamResponse:
    if isinstance(result, Stream):
        return as_event_stream(result.items)
    if isinstance(result, Reply):
        said = {"location": result.location, "etag": result.etag}
        headers = tuple((name, value) for name, value in said.items() if value is not None)
        return Response(result.status, _encode(result.value), JSON, headers, result.undelivered)
    if operation.response is None:
        return Response(204)
    if operation.lines and isinstance(result, list) and lines.wants_lines(request):
        return Response(operation.status, lines.encode(result), lines.CONTENT_TYPE)
    return Response(operation.status, _encode(result), JSON)


def _by_line(inner: Handler) -> Handler:
    """What is wrong with an item is told of its line where the items came in lines."""

    async def handle(call: Call) -> Response | StreamResponse:
        try:
            return await inner(call)
        except BadField as error:
            if lines.is_lines(call.request):
                raise lines.by_line(error, call.request.body) from None
            raise

    return handle


def _in_pages(operation: Operation) -> Handler:
    """The whole listing, line by line, for whoever asks for lines."""
    decode, plain, pages = _decoder(operation), _plain(operation), operation.pages
    assert pages is not None

    async def handle(call: Call) -> Response | StreamResponse:
        if lines.wants_lines(call.request) and call.request.method == "GET":
            return await lines.as_lines(pages(call.services, decode(call)))
        return await plain(call)

    return handle


ROUTES = routes_of(OPERATIONS)
