"""A worker socket of an application, whose queue in the engine is known a moment later."""

import asyncio
from collections.abc import Awaitable, Callable

from corral.model.errors import CorralError
from corral.server.http.message import Socket
from corral.server.proxy.worker_socket import WorkerSocket

_POLICY_VIOLATION = 1008


class Deferred:
    """Reads nothing from the client until the session is there; what is refused closes the socket with its words."""

    def __init__(self, queue: Awaitable[str], make: Callable[[str], WorkerSocket]) -> None:
        self._queue = queue
        self._make = make
        self._session: WorkerSocket | None = None
        self._early: list[bytes] = []
        self._retired = False
        self._task: asyncio.Task[None] | None = None

    def opened(self, socket: Socket) -> None:
        socket.hold(True)
        self._task = asyncio.get_running_loop().create_task(self._begin(socket))

    def received(self, message: bytes) -> None:
        if self._session is None:
            self._early.append(message)
        else:
            self._session.received(message)

    def closed(self, code: int) -> None:
        if self._session is not None:
            self._session.closed(code)
        elif self._task is not None:
            self._task.cancel()

    def writable(self) -> None:
        if self._session is not None:
            self._session.writable()

    def retire(self) -> None:
        if self._session is not None:
            self._session.retire()
        self._retired = True

    async def _begin(self, socket: Socket) -> None:
        try:
            session = self._make(await self._queue)
        except CorralError as error:
            socket.close(_POLICY_VIOLATION, str(error))
            return
        self._session = session
        session.opened(socket)
        for message in self._early:
            session.received(message)
        socket.hold(False)
        if self._retired:
            session.retire()
