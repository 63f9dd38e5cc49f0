"""The application that the HTTP server runs: find the route, authorise, answer."""

import time
from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol, cast

from corral.model.errors import CorralError, InvalidInput, Unauthorized
from corral.observe import log
from corral.operations.services import Services
from corral.policy.names import decode_segment
from corral.server import failures
from corral.server.auth import Tokens, bearer, socket_token
from corral.server.call import Access, Call, Route
from corral.server.http.message import Reject, Request, Response, Session, StreamResponse
from corral.server.http.stepped import Stepped
from corral.server.router import Router
from corral.server.v1.nowhere import is_native, refused, unrouted

Answer = Response | StreamResponse
_TOKEN, _LOCK = Access.TOKEN, Access.LOCK  # a member of an enum is slow to look up in Python 3.11
_NOT_FOUND = Response(404, b"Not found")
_UNAUTHORIZED = Response(401, b"Unauthorized")
_UPGRADE_REQUIRED = Response(426, b"Upgrade failed :(", headers=(("upgrade", "websocket"),))
_BAD_AUTHENTICATION = Reject(4000, "Invalid authentication")
_POLICY_VIOLATION = 1008


class Opener(Protocol):
    """A surface's WebSockets."""

    def known(self, path: str) -> bool:
        """Whether a WebSocket lives at this path."""
        ...

    def open(self, request: Request) -> Session:
        """Raises `InvalidInput` for what cannot be opened."""
        ...


class Application:
    """Fulfils `http.message.App`."""

    def __init__(self, services: Services, routes: Iterable[Route], sockets: Sequence[Opener], tokens: Tokens) -> None:
        self._services = services
        self._sockets = sockets
        self._tokens = tokens
        self._router: Router[Route] = Router()
        for route in routes:
            self._router.add(route.method, route.path, route)

    def handle(self, request: Request) -> Response | Awaitable[Answer]:
        """Unknown paths are 404 before anything is asked of the caller."""
        return self._logged(request) if log.voice.verbose else self._routed(request)

    def upgrade(self, request: Request) -> Session | Response | Reject:
        """A bad token is told by a close code after the handshake: a failed handshake makes clients retry for ever."""
        opener = self._opener(request.path)
        if opener is None:
            return _NOT_FOUND
        if not self._authorised(request, socket_token(request.headers, request.query)):
            return _BAD_AUTHENTICATION
        try:
            return opener.open(request)
        except InvalidInput as error:
            return Reject(_POLICY_VIOLATION, str(error))

    def refused(self, target: bytes, refusal: Response) -> Response:
        """The native surface words what is refused before it has reached a route."""
        return refused(refusal) if is_native(target.decode("latin-1").partition("?")[0]) else refusal

    def _routed(self, request: Request) -> Response | Awaitable[Answer]:
        found = self._router.find(request.method, request.path)
        if found is None:
            return self._unrouted(request)
        route, params = found
        if route.access is _TOKEN and not self._authorised(request, bearer(request.headers)):
            return route.explain(Unauthorized("Unauthorized"))
        answer = self._answer(route, Call(self._services, request, params))
        if not route.taskless:
            return answer
        stepped = Stepped(answer)
        return cast(Response, stepped.result()) if stepped.done() else stepped

    def _unrouted(self, request: Request) -> Response:
        path = request.path
        native = is_native(path)
        allowed = self._router.methods(path) if native else ()
        if not allowed:
            if self._opener(path) is not None:
                return _UPGRADE_REQUIRED
            log.not_found(path, _source(request))
        return unrouted(path, allowed) if native else _NOT_FOUND

    def _opener(self, path: str) -> Opener | None:
        return next((one for one in self._sockets if one.known(path)), None)

    async def _logged(self, request: Request) -> Answer:
        begun = time.perf_counter()
        answer = self._routed(request)
        response = answer if isinstance(answer, Response) else await answer
        log.request_served(request.method, request.path, response.status, time.perf_counter() - begun)
        return response

    async def _answer(self, route: Route, call: Call) -> Answer:
        try:
            if route.access is _LOCK and not await self._holds_lock(call):
                return _UNAUTHORIZED
            return await route.handler(call)
        except CorralError as error:
            if failures.status_of(error) >= 500:
                log.request_failed(call.request.method, call.request.path, error)
            return route.explain(error)

    def _authorised(self, request: Request, token: str | None) -> bool:
        if self._tokens.accept(token):
            return True
        _log_refused(request, token)
        return False

    async def _holds_lock(self, call: Call) -> bool:
        """Progress and logs are for whoever runs the job now, shown by the token of its lock."""
        token = bearer(call.request.headers)
        if token is not None:
            queue, job_id = (decode_segment(part) for part in call.params[:2])
            held = await call.services.store.jobs.lock_token(queue, job_id)
            if held is not None and Tokens((held,)).accept(token):
                return True
        _log_refused(call.request, token)
        return False


def _log_refused(request: Request, token: str | None) -> None:
    log.unauthorized("missing token" if token is None else "invalid token", request.path, _source(request))


def _source(request: Request) -> str:
    """Where a refused request came from, as the original logs it."""
    return request.headers.get("x-forwarded-for") or request.headers.get("host") or request.peer
