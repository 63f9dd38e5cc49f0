"""What all connections of one server share."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol, cast

from corral.server.http.head import HeadWriter
from corral.server.http.known import KnownHeads
from corral.server.http.limits import Limits
from corral.server.http.message import App, Request, Response

ErrorHandler = Callable[[Request, BaseException], None]
FAILED = Response(500, b"Internal Server Error")


class Guest(Protocol):
    """An open connection, HTTP or WebSocket, as the server sees it."""

    def tick(self, now: float) -> None:
        """Enforce the time-outs."""
        ...

    def retire(self) -> None:
        """The server is stopping: finish what is in flight, then close."""
        ...

    def abort(self) -> None:
        """The grace is over: drop everything."""
        ...


@dataclass(slots=True)
class Service:
    """The application, the limits, and one coarse clock: `now` is renewed by the server's only timer."""

    app: App
    limits: Limits
    on_error: ErrorHandler
    heads: HeadWriter = field(default_factory=HeadWriter)
    known: KnownHeads = field(default_factory=KnownHeads)
    guests: set[Guest] = field(default_factory=set)
    now: float = 0.0
    stopping: bool = False
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    _chores: set[asyncio.Future[None]] = field(default_factory=set)
    _flushes: list[Callable[[], None]] = field(default_factory=list)

    def join(self, guest: Guest) -> None:
        """Count a connection in, from its first byte to its last."""
        self.guests.add(guest)
        self.empty.clear()

    def leave(self, guest: Guest) -> None:
        """Count it out."""
        self.guests.discard(guest)
        if not self.guests:
            self.empty.set()

    def soon(self, flush: Callable[[], None]) -> None:
        """Call `flush` when this tick of the loop is over; one timer of the loop serves all who ask."""
        if not self._flushes:
            asyncio.get_running_loop().call_soon(self._flush)
        self._flushes.append(flush)

    def _flush(self) -> None:
        flushes, self._flushes = self._flushes, []
        for flush in flushes:
            flush()

    def spawn(self, chore: Coroutine[None, None, None]) -> None:
        """Run something short that nobody waits for."""
        task = asyncio.ensure_future(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def refused(self, method: str, target: bytes, refusal: Response) -> Response:
        """The refusal in the application's words, if it has any."""
        worded = getattr(self.app, "refused", None)
        return refusal if worded is None else cast(Response, worded(method, target, refusal))

    def failed(self, request: Request, error: BaseException) -> Response:
        """Report what the application raised; the client learns nothing but the status."""
        self.on_error(request, error)
        return FAILED


class WriteWatch:
    """Tells a slow reader, who takes something now and then, from one who has stopped reading."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._unsent = 0
        self._since = 0.0

    def begin(self) -> None:
        """Something is waiting to be taken."""
        self._unsent = 0
        self._since = self._service.now

    def stalled(self, unsent: int) -> bool:
        """Whether nothing of `unsent` was taken for the whole write time-out; to be asked regularly."""
        now = self._service.now
        if unsent < self._unsent:
            self._since = now
        self._unsent = unsent
        return now - self._since > self._service.limits.write_timeout
