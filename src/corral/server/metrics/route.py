"""`GET /metrics`: on the port of the server for whoever has its token, and on a port of its own for everybody."""

import socket
from collections.abc import Awaitable

from corral.operations.operation import Permission
from corral.policy.measures import CONTENT_TYPE
from corral.server.call import Access, Call, Route
from corral.server.http import HttpServer
from corral.server.http.message import Request, Response, Session
from corral.server.metrics.census import Census

PATH = "/metrics"
_NOT_FOUND = Response(404, b"Not found")


def route(census: Census, public: bool) -> Route:
    """It tells of all queues and applications, so that no application's key is enough."""

    async def metrics(call: Call) -> Response:
        return await _answer(census)

    return Route("GET", PATH, Access.PUBLIC if public else Access.TOKEN, metrics, permission=Permission.OPERATOR)


class MetricsApp:
    """Fulfils `http.message.App`: one path, and no token."""

    def __init__(self, census: Census) -> None:
        self._census = census

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        if request.path != PATH or request.method not in ("GET", "HEAD"):
            return _NOT_FOUND
        return _answer(self._census)

    def upgrade(self, request: Request) -> Session | Response:
        return _NOT_FOUND


def listener(census: Census, host: str, port: int, sock: socket.socket | None = None) -> HttpServer:
    """Not started yet."""
    return HttpServer(MetricsApp(census), host=host, port=port, sock=sock)


async def _answer(census: Census) -> Response:
    return Response(200, (await census.text()).encode(errors="replace"), CONTENT_TYPE)
