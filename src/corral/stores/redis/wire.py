"""One physical connection to the engine: commands go out in order, replies come back in order."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, cast

import hiredis

from corral.model.errors import CorralError, StoreUnavailable
from corral.stores.redis.replies import error_from_reply

Argument = str | bytes | int | float
pack = cast(Callable[[tuple[Argument, ...]], bytes], hiredis.pack_command)

_FLUSH_BYTES = 256 * 1024
_PAUSE_BYTES = 1024 * 1024
_NOTHING = object()


class Unsent(NamedTuple):
    """Packed commands that stay together, and the future of each one's reply."""

    futures: list[asyncio.Future[Any]]
    packed: bytes
    repeat: bool


class Sender(Protocol):
    """What sends commands: a `Connection`, or one wire while it is set up."""

    def send(self, *args: Argument, repeat: bool = False) -> asyncio.Future[Any]: ...

    def send_many(self, commands: Sequence[tuple[Argument, ...]]) -> list[asyncio.Future[Any]]: ...


def pack_many(loop: asyncio.AbstractEventLoop, commands: Sequence[tuple[Argument, ...]]) -> Unsent:
    """Commands that stay together."""
    packed = b"".join([pack(command) for command in commands])
    return Unsent([loop.create_future() for _ in commands], packed, False)


def fail(future: asyncio.Future[Any], error: Exception) -> None:
    """Give the awaiting caller `error`; a future that nobody awaits stays silent."""
    if not future.done():
        future.set_exception(error)
        future.exception()


class Wire(asyncio.Protocol):
    """Collects what is pushed in one loop tick into one write; ends once and never comes back.

    A cancelled future keeps its place in line, so that its reply cannot reach somebody else. `lost` is done
    when the wire has ended; `ended` then says why, `left` holds unanswered commands that may be repeated.
    """

    __slots__ = (
        "_inflight", "_loop", "_out", "_reader", "_repeats", "_room", "_transport",
        "ended", "heard", "left", "lost", "on_writable", "writable",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._reader = hiredis.Reader(replyError=error_from_reply, notEnoughData=_NOTHING)
        self._inflight: deque[asyncio.Future[Any]] = deque()
        self._repeats: dict[asyncio.Future[Any], bytes] = {}
        self._out: list[bytes] = []
        self._room = _FLUSH_BYTES
        self._transport: asyncio.Transport | None = None
        self.writable = False
        self.heard = False
        self.on_writable: Callable[[], None] = _ignore
        self.lost: asyncio.Future[None] = loop.create_future()
        self.ended: str | None = None
        self.left: list[Unsent] = []

    def send(self, *args: Argument, repeat: bool = False) -> asyncio.Future[Any]:
        """Send one command; the future gives its reply, or raises StoreError or StoreUnavailable."""
        packed = pack(args)
        future = self._loop.create_future()
        if self.ended is None:
            self.push(future, packed, repeat)
        else:
            self._fail(future)
        return future

    def send_many(self, commands: Sequence[tuple[Argument, ...]]) -> list[asyncio.Future[Any]]:
        unsent = pack_many(self._loop, commands)
        if self.ended is None:
            self.push_many(unsent)
        else:
            for future in unsent.futures:
                self._fail(future)
        return unsent.futures

    def push(self, future: asyncio.Future[Any], packed: bytes, repeat: bool) -> None:
        """Put one packed command on the way; with `repeat` it ends up in `left` if no reply came."""
        if repeat:
            self._repeats[future] = packed
        self._inflight.append(future)
        self._write(packed)

    def push_many(self, unsent: Unsent) -> None:
        """Put commands on the way that nothing may come between."""
        if unsent.repeat:
            self._repeats[unsent.futures[0]] = unsent.packed
        self._inflight.extend(unsent.futures)
        self._write(unsent.packed)

    @property
    def awaits_reply(self) -> bool:
        return bool(self._inflight)

    def drop(self, reason: str) -> None:
        """Give the connection up at once; what is in flight fails with StoreUnavailable."""
        if self._transport is not None:
            self._transport.abort()
        self._end(reason)

    def _write(self, packed: bytes) -> None:
        out = self._out
        if not out:
            self._loop.call_soon(self.flush)
        out.append(packed)
        self._room -= len(packed)
        if self._room <= 0:
            self.flush()

    def flush(self) -> None:
        """Write what has been pushed so far."""
        out = self._out
        if out and self._transport is not None:
            self._out = []
            self._room = _FLUSH_BYTES
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_PAUSE_BYTES)
        self.writable = True

    def data_received(self, data: bytes) -> None:
        self.heard = True
        reader = self._reader
        reader.feed(data)
        next_reply, next_future = reader.gets, self._inflight.popleft
        try:
            while (reply := next_reply()) is not _NOTHING:
                future = next_future()
                if self._repeats:
                    self._repeats.pop(future, None)
                if isinstance(reply, CorralError):
                    fail(future, reply)
                elif not future.done():
                    future.set_result(reply)
        except IndexError:
            self.drop(f"the engine spoke out of turn: {reply!r:.200}")
        except hiredis.ProtocolError as error:
            self.drop(f"the engine broke the protocol: {error}")

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = self.ended is None
        self.on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "the engine closed the connection")

    def _end(self, reason: str) -> None:
        if self.ended is not None:
            return
        self.ended = reason
        self.writable = False
        for future in self._inflight:
            if future not in self._repeats:
                self._fail(future)
        for future, packed in self._repeats.items():
            if not future.done():
                self.left.append(Unsent([future], packed, True))
        self._inflight.clear()
        self._repeats.clear()
        self._out.clear()
        if not self.lost.done():
            self.lost.set_result(None)

    def _fail(self, future: asyncio.Future[Any]) -> None:
        fail(future, StoreUnavailable(f"the connection to the engine was lost: {self.ended}"))


def _ignore() -> None:
    pass
