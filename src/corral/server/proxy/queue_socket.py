"""The queue socket: a client calls functions of one queue."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec

from corral.model.errors import CorralError
from corral.observe import log
from corral.operations.services import Services
from corral.policy.access import allow
from corral.server import audited
from corral.server.audited import ADMINISTRATIVE, Origin
from corral.server.http.message import Socket
from corral.server.proxy import messages
from corral.server.proxy.function import Arguments, Function
from corral.server.proxy.functions import FUNCTIONS, trimmed

_MOST_CALLS = 1000
_MOST_BYTES = 4_000_000


class QueueSocket:
    """Answers each message in its own time.

    A client that asks faster than the engine answers, or than it reads the answers, is not read. Calls whose
    answers may be large go one by one, so that a burst of them does not fill the memory.
    """

    def __init__(self, services: Services, queue: str, origin: Origin) -> None:
        self._services = services
        self._origin = origin
        self._queue = queue
        self._socket: Socket | None = None
        self._calls: dict[asyncio.Task[None], int] = {}
        self._bytes = 0
        self._one_by_one = asyncio.Lock()
        self._flowing = asyncio.Event()

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
            self._spawn(self._answer(request, message), len(message))

    def closed(self, code: int) -> None:
        self._socket = None
        self._flowing.set()

    def writable(self) -> None:
        self._flowing.set()
        self._pace()

    async def _answer(self, request: messages.Request, message: bytes) -> None:
        function = FUNCTIONS.get(request.data.fn)
        args = request.data.args
        if function is None or not (function.accepts(args) or function.accepts(args := trimmed(args))):
            return self._send(messages.failed(request.id, _invalid(message)))
        try:
            allow(self._services.caller, function.permission)
            if function.small:
                return self._send(await self._reply(function, request, args))
            async with self._one_by_one:
                await self._drained()
                if self._socket is not None:
                    self._send(await self._reply(function, request, args))
                return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            reply = messages.failed(request.id, _invalid(message))
        except CorralError as error:
            reply = messages.failed(request.id, str(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours may not leave the client without an answer
            log.unexpected(f"{request.data.fn} of {self._queue}", error)
            reply = messages.failed(request.id, "Internal error")
        self._send(reply)

    async def _reply(self, function: Function, request: messages.Request, args: Arguments) -> bytes:
        result = await function.run(self._services, self._queue, args)
        if function.permission in ADMINISTRATIVE:
            await audited.write(self._services, request.data.fn, f"/queues/{self._queue}", self._origin)
        return messages.ok(request.id, result)

    async def _drained(self) -> None:
        """Wait until the client has taken what was sent; one that never does is cut off by the transport."""
        while self._socket is not None and self._socket.paused:
            self._flowing.clear()
            await self._flowing.wait()

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

    def _spawn(self, call: Coroutine[Any, Any, None], size: int) -> None:
        task = asyncio.get_running_loop().create_task(call)
        self._calls[task] = size
        self._bytes += size
        task.add_done_callback(self._done)
        self._pace()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._bytes -= self._calls.pop(task)
        self._pace()

    def _pace(self) -> None:
        """Read on only while the client takes its answers and few enough calls are under way."""
        if self._socket is not None:
            busy = len(self._calls) >= _MOST_CALLS or self._bytes >= _MOST_BYTES
            self._socket.hold(busy or self._socket.paused)


def _invalid(message: bytes) -> str:
    return f"Invalid message {message.decode(errors='replace')}"
