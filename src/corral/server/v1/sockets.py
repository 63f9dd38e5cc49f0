"""Which native WebSocket a path opens: those of the operations that listen, at their own paths."""

from collections.abc import Iterable
from typing import cast

import msgspec

from corral.operations.operation import Operation, Permission
from corral.operations.reply import Stream
from corral.operations.services import Services
from corral.server.http.message import Request, Session
from corral.server.router import Router
from corral.server.v1.decode import RequestDecoder
from corral.server.v1.event_socket import EventSocket
from corral.server.v1.routes import as_pattern

_TOKENS = frozenset({"token", "authKey"})


class EventSockets:
    """Opens a socket where a GET would open an event stream; authorisation has been done."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._router: Router[tuple[Operation, RequestDecoder]] = Router()
        for one in operations:
            if one.headers.get("after") == "last-event-id":
                self._router.add("GET", as_pattern(one.path), (one, RequestDecoder(one, ignored=_TOKENS)))

    def known(self, path: str) -> bool:
        """Whether a WebSocket lives at this path."""
        return self._router.find("GET", path) is not None

    def permission(self, path: str) -> Permission:
        """That of the operation."""
        found = self._router.find("GET", path)
        assert found is not None, "the caller asks `known` first"
        return found[0][0].permission

    def open(self, request: Request, services: Services) -> Session:
        """Raises `InvalidInput` for a bad parameter."""
        found = self._router.find("GET", request.path)
        assert found is not None, "the caller asks `known` first"
        (operation, decoder), params = found
        wanted: msgspec.Struct = decoder.decode(request, params)

        async def start() -> Stream:
            return cast(Stream, await operation.run(services, wanted))

        return EventSocket(start)
