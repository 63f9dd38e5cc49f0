"""The queue socket: a client calls functions of one queue."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec

from corral.model.errors import CorralError
from corral.operations.services import Services
from corral.server.http.message import Socket
from corral.server.proxy import messages
from corral.server.proxy.functions import FUNCTIONS, trimmed

_MOST_IN_FLIGHT = 1000


class QueueSocket:
    """Answers each message in its own time; a client that asks faster than the engine answers is not read."""

    def __init__(self, services: Services, queue: str) -> None:
        self._services = services
        self._queue = queue
        self._socket: Socket | None = None
        self._calls: set[asyncio.Task[None]] = set()

    def opened(self, socket: Socket) -> None:
        self._socket = socket

    def received(self, message: bytes) -> None:
        try:
            request = messages.request(message)
        except (msgspec.ValidationError, RecursionError):
            self._refuse(message)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # no JSON, so nothing to answer to: the original keeps silent and the socket open
        else:
            self._spawn(self._answer(request, message))

    def closed(self, code: int) -> None:
        self._socket = None

    def writable(self) -> None:
        self._pace()

    async def _answer(self, request: messages.Request, message: bytes) -> None:
        function = FUNCTIONS.get(request.data.fn)
        args = request.data.args
        if function is None or not (function.accepts(args) or function.accepts(args := trimmed(args))):
            return self._send(messages.failed(request.id, _invalid(message)))
        try:
            result = await function.run(self._services, self._queue, args)
            reply = messages.ok(request.id, result)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            reply = messages.failed(request.id, _invalid(message))
        except CorralError as error:
            reply = messages.failed(request.id, str(error))
        self._send(reply)

    def _refuse(self, message: bytes) -> None:
        """JSON of another shape gets an answer, with its id when it has one."""
        try:
            found = messages.anything(message)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        given = isinstance(found, dict) and "id" in found
        id = msgspec.Raw(messages.encode(found["id"])) if given else msgspec.UNSET
        self._send(messages.failed(id, _invalid(message)))

    def _send(self, reply: bytes) -> None:
        if self._socket is not None:
            self._socket.send(reply)

    def _spawn(self, call: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._done)
        self._pace()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._pace()

    def _pace(self) -> None:
        """Read on only while the client takes its answers and few enough calls are under way."""
        if self._socket is not None:
            self._socket.hold(len(self._calls) >= _MOST_IN_FLIGHT or self._socket.paused)


def _invalid(message: bytes) -> str:
    return f"Invalid message {message.decode(errors='replace')}"
