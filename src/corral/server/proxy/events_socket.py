"""The events socket: a client hears what happens in one queue."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from corral.model.errors import StoreUnavailable
from corral.operations.services import Services
from corral.server.http.message import Socket
from corral.server.proxy import messages
from corral.store.events import QueueEvent

_TRY_AGAIN_LATER = 1013
_JSON_FIELDS = {"completed": "returnvalue", "progress": "data"}


class EventsSocket:
    """Sends the events that were named in the URL or by `on`; without a name, none. Only new ones.

    A client that does not read is cut off by the transport once its backlog is too long.
    """

    def __init__(self, services: Services, queue: str, names: Iterable[str]) -> None:
        self._services = services
        self._queue = queue
        self._names = set(names)
        self._socket: Socket | None = None
        self._next_id = 0
        self._subscribing: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def opened(self, socket: Socket) -> None:
        self._socket = socket
        self._subscribing = asyncio.get_running_loop().create_task(self._subscribe())

    def received(self, message: bytes) -> None:
        try:
            request = messages.request(message)
            names = [messages.anything(name) for name in request.data.args]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        chosen = {name for name in names if isinstance(name, str)}
        if request.data.fn == "on":
            self._names |= chosen
        elif request.data.fn == "off":
            self._names -= chosen
        else:
            self._send(messages.failed(request.id, f"Invalid message {message.decode(errors='replace')}"))
            return
        self._when_subscribed(messages.ok(request.id, None))

    def closed(self, code: int) -> None:
        self._socket = None
        if self._subscribing is not None:
            self._subscribing.cancel()
        if self._unsubscribe is not None:
            self._unsubscribe()

    def writable(self) -> None:
        """Nothing was held back."""

    async def _subscribe(self) -> None:
        try:
            self._unsubscribe = await self._services.feeds.subscribe(self._queue, self._heard)
        except StoreUnavailable as error:
            if self._socket is not None:
                self._socket.close(_TRY_AGAIN_LATER, str(error))

    def _when_subscribed(self, reply: bytes) -> None:
        """Whoever has this reply misses no event any more."""
        assert self._subscribing is not None, "messages come after `opened`"
        self._subscribing.add_done_callback(lambda _: self._send(reply))

    def _heard(self, event: QueueEvent) -> None:
        if event.name not in self._names:
            return
        pushed = messages.Pushed(self._next_id, {"event": event.name, "args": _arguments(event)})
        self._next_id += 1
        self._send(messages.encode(pushed))

    def _send(self, message: bytes) -> None:
        if self._socket is not None:
            self._socket.send(message)


def _arguments(event: QueueEvent) -> list[Any]:
    """What BullMQ's QueueEvents hands to its listeners."""
    if event.name == "drained":
        return [event.id]
    fields: dict[str, Any] = dict(event.fields)
    json_field = _JSON_FIELDS.get(event.name)
    if json_field in fields:
        fields[json_field] = _parsed(fields[json_field])
    return [fields, event.id]


def _parsed(text: str) -> Any:
    try:
        return messages.anything(text)
    except (msgspec.DecodeError, RecursionError):
        return text
