"""One connection to an origin: a call at a time, each within its limits."""

import asyncio
from typing import Protocol, cast

from corral.endpoints.http.alarm import Alarm
from corral.endpoints.http.encoding import decoded
from corral.endpoints.http.errors import CallFailed, CallTimeout, NoReply
from corral.endpoints.http.limits import Limits
from corral.endpoints.http.reader import ResponseReader
from corral.endpoints.http.reply import HttpReply


class Owner(Protocol):
    """Who is told what becomes of a connection. `authority` is how error messages name the other side."""

    authority: str

    def release(self, connection: "Connection") -> None:
        """The connection is free for another call."""
        ...

    def forget(self, connection: "Connection") -> None:
        """The connection takes no more calls. May be told more than once."""
        ...


class Connection(asyncio.Protocol):
    """Its owner gives it one call at a time. Unused for `limits.idle` seconds it closes itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: Owner, limits: Limits) -> None:
        self._loop = loop
        self._owner = owner
        self._limits = limits
        self._alarm = Alarm(loop, self._on_deadline)
        self._reader = ResponseReader(limits.body)
        self._transport: asyncio.Transport | None = None
        self._future: asyncio.Future[HttpReply] | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    async def call(self, wire: bytes, deadline: float) -> HttpReply:
        """Send one request and wait for its whole response; the headers are due at `deadline` (loop time).

        Cancelling closes the connection. Raises CallTimeout, CallFailed, or NoReply.
        """
        if self._transport is None:
            raise self._no_reply()
        self._future = future = self._loop.create_future()
        self._reader.begin()
        self._alarm.set(deadline)
        self._transport.write(wire)
        try:
            reply = await future
        except asyncio.CancelledError:
            if self._future is future:
                self._future = None
                self.abort()
            raise
        return decoded(reply, self._limits.body) if b"content-encoding" in reply.headers else reply

    def abort(self) -> None:
        """Close at once; a call under way fails."""
        self._fail(CallFailed(f"the connection to {self._owner.authority} was closed here"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._future is None:
            self.abort()
            return
        try:
            reply = self._reader.feed(data)
        except CallFailed as error:
            self._fail(error)
            return
        if reply is not None:
            self._succeed(reply)
        elif self._reader.has_headers:
            self._alarm.set(self._loop.time() + self._limits.pause)

    def eof_received(self) -> None:
        self._owner.forget(self)
        if self._future is not None and (reply := self._reader.end()) is not None:
            self._succeed(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._alarm.stop()
        self._fail(self._cut() if self._reader.begun else self._no_reply())

    def _succeed(self, reply: HttpReply) -> None:
        future, self._future = self._future, None
        if self._reader.reusable:
            self._alarm.set(self._loop.time() + self._limits.idle)
            self._owner.release(self)
        else:
            self.abort()
        if future is not None and not future.done():
            future.set_result(reply)

    def _fail(self, error: CallFailed | CallTimeout) -> None:
        future, self._future = self._future, None
        self._owner.forget(self)
        if self._transport is not None:
            self._transport.abort()
        if future is not None and not future.done():
            future.set_exception(error)

    def _on_deadline(self) -> None:
        if self._reader.has_headers:
            self._fail(CallFailed(f"the response body stalled for {self._limits.pause:g} seconds"))
        else:
            self._fail(CallTimeout(f"no response from {self._owner.authority} in time"))

    def _cut(self) -> CallFailed:
        return CallFailed(f"{self._owner.authority} closed the connection in the middle of the response")

    def _no_reply(self) -> NoReply:
        return NoReply(f"{self._owner.authority} closed the connection without a response")
