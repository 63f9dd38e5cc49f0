"""A lean HTTP/1.1 server: bytes in, `Request` out; `Response` in, bytes out. It knows no routes."""

from corral.server.http.limits import Limits
from corral.server.http.message import (
    App,
    Reject,
    Request,
    Response,
    Session,
    Socket,
    StreamResponse,
)
from corral.server.http.server import HttpServer

__all__ = [
    "App",
    "HttpServer",
    "Limits",
    "Reject",
    "Request",
    "Response",
    "Session",
    "Socket",
    "StreamResponse",
]
