"""The application that the HTTP server runs: find the route, authorise, answer."""

import time
from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol, cast

from corral.model.errors import CorralError, Forbidden, InvalidInput, NoCredential, StoreUnavailable, Unauthorized
from corral.observe import log
from corral.operations.operation import Permission
from corral.operations.services import Services
from corral.policy.access import OPERATOR, OUTSIDE, Caller, allow
from corral.policy.names import decode_segment
from corral.server import failures
from corral.server.audited import audited
from corral.server.auth import Tokens, bearer
from corral.server.authority import Authority
from corral.server.call import Access, Call, Route
from corral.server.http.message import Reject, Request, Response, Session, StreamResponse
from corral.server.http.stepped import Stepped
from corral.server.router import Router
from corral.server.service.bodies import broken, is_service
from corral.server.service_door import ServiceDoor
from corral.server.sessions import Sessions
from corral.server.v1.nowhere import is_native, refused, unrouted

Answer = Response | StreamResponse
_TOKEN, _LOCK, _PUBLIC = (
    Access.TOKEN,
    Access.LOCK,
    Access.PUBLIC,
)  # a member of an enum is slow to look up in Python 3.11
_now = time.perf_counter
_NOT_FOUND = Response(404, b"Not found")
_UNAUTHORIZED = Response(401, b"Unauthorized")
_UPGRADE_REQUIRED = Response(426, b"Upgrade failed :(", headers=(("upgrade", "websocket"),))
_BAD_AUTHENTICATION = Reject(4000, "Invalid authentication")
_POLICY_VIOLATION = 1008
_TRY_AGAIN = 1013


class Opener(Protocol):
    """A surface's WebSockets."""

    def known(self, path: str) -> bool:
        """Whether a WebSocket lives at this path."""
        ...

    def permission(self, path: str) -> Permission:
        """What a caller must be allowed to do who opens it."""
        ...

    def open(self, request: Request, services: Services) -> Session:
        """Raises `InvalidInput` for what cannot be opened, `Forbidden` for a queue that the caller does not reach."""
        ...


class Application:
    """Fulfils `http.message.App`. With `limits_all` the door counts requests to every surface, not to `/api` alone."""

    def __init__(
        self,
        services: Services,
        routes: Iterable[Route],
        sockets: Sequence[Opener],
        authority: Authority,
        door: ServiceDoor,
        limits_all: bool = False,
    ) -> None:
        self._services = services
        self._sockets = sockets
        self._authority = authority
        self._door = door
        self._limits_all = limits_all
        self.sessions = Sessions(authority)
        self._router: Router[Route] = Router()
        for route in routes:
            self._router.add(route.method, route.path, audited(route, self._credential))

    def handle(self, request: Request) -> Response | Awaitable[Answer]:
        """Unknown paths are 404 before anything is asked of the caller."""
        return self._logged(request) if log.voice.verbose else self._routed(request)

    def upgrade(self, request: Request) -> Session | Response | Reject:
        """A bad token is told by a close code after the handshake: a failed handshake makes clients retry for ever."""
        opener = self._opener(request.path)
        if opener is None:
            return _NOT_FOUND
        try:
            token = self._authority.socket_credential(request)
            caller = self._authority.caller(token)
            if caller is None:
                _log_unauthorized(request, token)
                return _BAD_AUTHENTICATION
            allow(caller, opener.permission(request.path))
            return self.sessions.watched(opener.open(request, self._authority.services(caller)), caller)
        except (InvalidInput, Forbidden) as error:
            return Reject(_POLICY_VIOLATION, str(error))
        except StoreUnavailable as error:
            return Reject(_TRY_AGAIN, str(error))

    def refused(self, method: str, target: bytes, refusal: Response) -> Response:
        """The native surface and the service word what is refused before it has reached a route."""
        path = target.decode("latin-1").partition("?")[0]
        if is_native(path):
            return refused(refusal)
        if is_service(path):
            return broken(refusal.status, refusal.body.decode(), method, path, self._services.clock())
        return refusal

    def _routed(self, request: Request) -> Response | Awaitable[Answer]:
        found = self._router.find(request.method, request.path)
        if found is None:
            return self._unrouted(request)
        route, params = found
        access = route.access
        if access is _TOKEN and not self._limits_all:
            if not self._authority.is_operator(request.headers):
                return self._with_key(request, route, params)
            answer = self._answer(route, Call(self._services, request, params))
            if not route.taskless:
                return answer
            stepped = Stepped(answer)
            return cast(Response, stepped.result()) if stepped.done() else stepped
        if access is _PUBLIC:
            return self._answer(route, Call(self._services, request, params))
        if access is _TOKEN or access is _LOCK:
            return self._limited(request, route, params)
        return self._door.service(route, request, params, self._for_caller)

    def _with_key(self, request: Request, route: Route, params: list[str]) -> Response | Awaitable[Answer]:
        try:
            caller = self._admitted(request, route)
        except CorralError as error:
            token = self._authority.credential(request.headers)
            unknown = isinstance(error, (Unauthorized, StoreUnavailable))
            if unknown and token is not None and self._authority.may_be_new(token):
                return self._later(request, route, params, token)
            _log_refused(request, token, error)
            return route.explain(error)
        return self._for_caller(route, Call(self._authority.services(caller), request, params))

    async def _later(self, request: Request, route: Route, params: list[str], token: str) -> Answer:
        """A key that is not known here may be one that another process has made a moment ago."""
        try:
            if await self._authority.later(token) is None:
                raise Unauthorized("Unauthorized")
            caller = self._admitted(request, route)
        except CorralError as error:
            _log_refused(request, token, error)
            return route.explain(error)
        return await self._for_caller(route, Call(self._authority.services(caller), request, params))

    async def _limited(self, request: Request, route: Route, params: list[str]) -> Answer:
        async def answer() -> Answer:
            if route.access is _LOCK:
                return await self._with_lock(request, route, params)
            found = self._with_key(request, route, params)
            return found if isinstance(found, Response) else await found

        if not self._limits_all:
            return await answer()
        return await self._door.limited(request, self._credential(request), answer)

    async def _with_lock(self, request: Request, route: Route, params: list[str]) -> Answer:
        """A key in the header for keys, beside the credential, says whose names the path has."""
        try:
            services = self._authority.services(self._authority.beside(request.headers) or OPERATOR)
        except CorralError as error:
            return route.explain(error)
        return await self._answer(route, Call(services, request, params))

    async def _for_caller(self, route: Route, call: Call) -> Answer:
        answer = await self._answer(route, call)
        caller = call.services.caller
        if isinstance(answer, StreamResponse) and caller.key is not None:
            return self.sessions.streamed(answer, caller)
        return answer

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
        begun = _now()
        answer: Answer
        try:
            if route.access is _LOCK and not await self._holds_lock(call):
                return _UNAUTHORIZED
            answer = await route.handler(call)
        except CorralError as error:
            if failures.status_of(error) >= 500:
                log.request_failed(call.request.method, call.request.path, error)
            answer = route.explain(error)
        route.seconds[answer.status].append(_now() - begun)
        return answer

    def _admitted(self, request: Request, route: Route) -> Caller:
        """Who calls. Raises `Unauthorized`, and `Forbidden` where the caller's roles do not allow it."""
        token = self._authority.credential(request.headers)
        caller = self._authority.caller(token)
        if caller is None:
            raise NoCredential("Unauthorized") if token is None else Unauthorized("Unauthorized")
        if caller is not OPERATOR:
            allow(caller, route.permission)
        return caller

    def _credential(self, request: Request) -> str | None:
        return self._authority.credential(request.headers)

    async def _holds_lock(self, call: Call) -> bool:
        """Progress and logs are for whoever runs the job now, shown by the token of its lock."""
        token = bearer(call.request.headers)
        if token is not None and not token.startswith(OUTSIDE):
            queue, job_id = (decode_segment(part) for part in call.params[:2])
            held = await call.services.store.jobs.lock_token(queue, job_id)
            if held is not None and Tokens((held,)).accept(token):
                return True
        _log_unauthorized(call.request, token)
        return False


def _log_refused(request: Request, token: str | None, error: CorralError) -> None:
    if isinstance(error, Unauthorized):
        _log_unauthorized(request, token)


def _log_unauthorized(request: Request, token: str | None) -> None:
    log.unauthorized("missing token" if token is None else "invalid token", request.path, _source(request))


def _source(request: Request) -> str:
    """Where a refused request came from, as the original logs it."""
    return request.headers.get("x-forwarded-for") or request.headers.get("host") or request.peer
