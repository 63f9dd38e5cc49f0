"""The HTTP server: listens, ticks, and stops gracefully."""

import asyncio
import socket

from corral.server.http.limits import Limits
from corral.server.http.listen import listen
from corral.server.http.message import App, Request
from corral.server.http.protocol import HttpConnection
from corral.server.http.service import ErrorHandler, Service

_SLOWEST_TICK = 1.0
_FASTEST_TICK = 0.01
_USUAL_LIMITS = Limits()


class HttpServer:
    """Serves one application on one address.

    `host` "" means all interfaces, IPv4 and IPv6; `sock` (bound, or listening already) takes the place of
    `host` and `port`. What the application raises goes to `on_error`, else to the loop's exception handler.
    """

    def __init__(
        self,
        app: App,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        sock: socket.socket | None = None,
        limits: Limits = _USUAL_LIMITS,
        on_error: ErrorHandler | None = None,
    ) -> None:
        self._service = Service(app, limits, on_error or _to_loop)
        self._host = host
        self._port = port
        self._sock = sock
        self._servers: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The real port once started, also when 0 was asked for; 0 on a unix socket."""
        return self._port

    @property
    def connections(self) -> int:
        """How many connections are open, WebSockets included."""
        return len(self._service.guests)

    async def start(self, *, reuse_port: bool = False) -> None:
        """Listen, with `reuse_port` beside other processes. Raises OSError when the address is taken."""
        loop = asyncio.get_running_loop()
        self._tick(loop)
        sockets = [self._sock] if self._sock else listen(self._host, self._port, reuse_port=reuse_port)
        name = sockets[0].getsockname()
        self._port = name[1] if isinstance(name, tuple) else 0
        for sock in sockets:
            create = loop.create_unix_server if sock.family == socket.AF_UNIX else loop.create_server
            self._servers.append(await create(lambda: HttpConnection(self._service), sock=sock, backlog=2048))

    async def stop(self, grace: float = 10.0) -> None:
        """Stop listening, close what is idle, give the rest `grace` seconds, then drop it.

        Requests in flight are answered with `Connection: close`; WebSockets are closed with 1001. Safe to
        call twice.
        """
        service = self._service
        service.stopping = True
        for server in self._servers:
            server.close()
        for guest in tuple(service.guests):
            guest.retire()
        if not await self._emptied(grace):
            for guest in tuple(service.guests):
                guest.abort()
            await self._emptied(_SLOWEST_TICK)
        if self._timer is not None:
            self._timer.cancel()

    async def _emptied(self, seconds: float) -> bool:
        if not self._service.guests:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._service.empty.wait()
        except TimeoutError:
            return False
        return True

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        service = self._service
        self._timer = loop.call_later(_pace(service.limits), self._tick, loop)
        service.now = loop.time()
        service.heads.renew()
        for guest in tuple(service.guests):
            guest.tick(service.now)


def _pace(limits: Limits) -> float:
    shortest = min(
        limits.request_timeout, limits.idle_timeout, limits.write_timeout, limits.linger,
        limits.ping_idle, limits.ping_timeout, limits.close_timeout,
    )  # fmt: skip
    return min(_SLOWEST_TICK, max(_FASTEST_TICK, shortest / 4))


def _to_loop(request: Request, error: BaseException) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": f"The application failed on {request!r}", "exception": error}
    )
