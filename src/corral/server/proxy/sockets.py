"""Which WebSocket a path opens: `[/ws]/queue[s]/:queue`, `.../process/:concurrency` and `.../events`."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs

from corral.model.errors import InvalidInput
from corral.observe import log
from corral.operations.operation import Permission
from corral.operations.services import Services
from corral.policy.names import decode_segment
from corral.server.audited import origin_of
from corral.server.http.message import Request, Session
from corral.server.proxy.deferred import Deferred
from corral.server.proxy.events_socket import EventsSocket
from corral.server.proxy.queue_socket import QueueSocket
from corral.server.proxy.worker_socket import Dismiss, Hire, WorkerSocket

_PATH = re.compile(r"(?:/ws)?/queues?/([^/]+)(?:/(?:process/([^/]+)|(events)))?")
_DIGITS = re.compile(r"\s*([+-]?\d+)")
_MOST_AT_ONCE = 10_000


class Sockets:
    """Opens the proxy's sockets; authorisation has been done. A worker's client has `timeout` seconds for each job.

    `credential` is what a handshake shows.
    """

    def __init__(
        self, hire: Hire, dismiss: Dismiss, credential: Callable[[Request], str | None], *, timeout: float
    ) -> None:
        self._credential = credential
        self._timeout = timeout
        self._hire = hire
        self._dismiss = dismiss

    @staticmethod
    def known(path: str) -> bool:
        """Whether a WebSocket lives at this path."""
        return _PATH.fullmatch(path) is not None

    @staticmethod
    def permission(path: str) -> Permission:
        """Of a worker `work`; a queue socket asks for each function's own."""
        found = _PATH.fullmatch(path)
        return Permission.WORK if found is not None and found[2] else Permission.READ

    def open(self, request: Request, services: Services) -> Session:
        """Raises `InvalidInput` for a queue name that cannot be."""
        found = _PATH.fullmatch(request.path)
        assert found is not None, "the caller asks `known` first"
        queue = decode_segment(found[1])
        if ":" in queue:
            raise InvalidInput("Queue name cannot contain :")
        if services.physical is not None:
            services.physical(queue)
        if found[3]:
            names = _event_names(request.query)
            log.events_connected(queue, names)
            return EventsSocket(services, queue, names)
        if found[2]:
            concurrency = _concurrency(found[2])
            log.worker_connected(queue, concurrency)
            return self._worker(queue, concurrency, services)
        log.queue_connected(queue)
        return QueueSocket(services, queue, origin_of(self._credential(request), request.peer))

    def _worker(self, queue: str, concurrency: int, services: Services) -> Session:
        def work(queue: str) -> WorkerSocket:
            return WorkerSocket(queue, concurrency, self._timeout, self._hire, self._dismiss)

        return work(queue) if services.claim is None else Deferred(services.claim(queue), work)


def _event_names(query: str) -> list[str]:
    given = parse_qs(query).get("events", []) if query else []
    return [name for part in given for name in part.split(",") if name]


def _concurrency(text: str) -> int:
    """JavaScript's `parseInt(text) || 1`, within reason."""
    found = _DIGITS.match(text)
    return min(max(1, int(found[1])), _MOST_AT_ONCE) if found and int(found[1]) else 1
