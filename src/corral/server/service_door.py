"""How a request comes to a route of `/api`: counted, then asked for its key, then answered."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec

from corral.model.errors import CorralError, Forbidden
from corral.operations.operation import Permission
from corral.policy.access import DEFAULT, OPERATOR, Caller, allow, digest
from corral.server.authority import Authority
from corral.server.call import Access, Call, Route
from corral.server.http.message import Request, Response, StreamResponse
from corral.server.rate_limit import Headers, RateLimiter

Answer = Response | StreamResponse
Run = Callable[[Route, Call], Awaitable[Answer]]

TOO_MANY = b"Too many requests, please try again later."


class ServiceDoor:
    """Every answer tells where the caller stands; callers without a valid key are counted by their address."""

    def __init__(self, authority: Authority, limiter: RateLimiter) -> None:
        self._authority = authority
        self._limiter = limiter

    async def service(self, route: Route, request: Request, params: list[str], run: Run) -> Answer:
        """A route of `/api`."""
        token = self._authority.service_credential(request.headers)

        async def answer() -> Answer:
            try:
                caller = await self._admitted(route, token)
            except CorralError as error:
                return route.explain(error)
            return await run(route, Call(self._authority.services(caller), request, params))

        return await self.limited(request, token, answer)

    async def limited(self, request: Request, token: str | None, run: Callable[[], Awaitable[Answer]]) -> Answer:
        """Any request, unless there were too many."""
        standing = await self._limiter.take(await self._name(request, token))
        if standing is None:
            return await run()
        if not standing.passes:
            return Response(429, TOO_MANY, headers=self._limiter.headers(standing))
        return _with(await run(), self._limiter.headers(standing))

    async def _admitted(self, route: Route, token: str | None) -> Caller:
        if route.access is Access.OPEN:
            return OPERATOR
        if route.permission is Permission.OPERATOR and self._authority.is_operators(token):
            return OPERATOR  # also where no credential is asked for, and all others are one application
        if route.access is Access.MASTER:
            raise Forbidden("Master API key required")
        if route.access is Access.KEY_IF_ANY and token is None:
            return DEFAULT
        caller = await self._authority.service_caller(token)
        allow(caller, route.permission)
        return caller

    async def _name(self, request: Request, token: str | None) -> str:
        caller = await self._authority.known_caller(token)
        if caller is None:
            return f"address:{request.peer}"
        return f"key:{caller.key or digest(token or '')}"


def _with(answer: Answer, headers: Headers) -> Answer:
    if isinstance(answer, Response):
        return msgspec.structs.replace(answer, headers=(*answer.headers, *headers))
    return replace(answer, headers=(*answer.headers, *headers))
