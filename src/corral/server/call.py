"""One authorised HTTP call on its way to an operation."""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, MutableSequence
from enum import Enum, auto

import msgspec

from corral.model.errors import CorralError
from corral.operations.operation import Permission
from corral.operations.services import Services
from corral.server.failures import as_text
from corral.server.http.message import PLAIN_TEXT, Request, Response, StreamResponse

_encode = msgspec.json.Encoder().encode
OK = Response(200, b"OK")
_NOBODYS: Mapping[int, MutableSequence[float]] = defaultdict(lambda: deque(maxlen=1))


class Access(Enum):
    """What a route asks for before it answers."""

    PUBLIC = auto()
    TOKEN = auto()
    LOCK = auto()
    """The token of the lock that the job is held under, and no other."""
    OPEN = auto()
    """Of `/api`, for everybody."""
    KEY = auto()
    """Of `/api`, for whoever shows a key or a token."""
    KEY_IF_ANY = auto()
    """Of `/api`, for whoever shows a key, and as the application `default` for whoever shows nothing."""
    MASTER = auto()
    """Of `/api`, for the operator; whoever else it is, also with no key at all, the answer is 403."""


class Call(msgspec.Struct, frozen=True, gc=False):
    """What a handler gets: `params` are the path's parameters, still percent-encoded."""

    services: Services
    request: Request
    params: list[str]


Handler = Callable[[Call], Awaitable[Response | StreamResponse]]


class Route(msgspec.Struct, frozen=True):
    """One row of a surface's table; `explain` is how the surface words an error.

    `permission` is what it asks of an application's key.

    A `taskless` handler is cheaper to run, but may not use `asyncio.timeout` or the current task.
    """

    method: str
    path: str
    access: Access
    handler: Handler
    explain: Callable[[CorralError], Response] = as_text
    taskless: bool = False
    permission: Permission = Permission.OPERATOR
    seconds: Mapping[int, MutableSequence[float]] = _NOBODYS
    """Where it is noted how long it took, by status."""


def as_json(call: Call, value: object) -> Response:
    """bullmq-proxy sends JSON as plain text; a caller that names JSON in Accept gets it as what it is."""
    accept = call.request.headers.get("accept", "")
    kind = "application/json" if "application/json" in accept else PLAIN_TEXT
    return Response(200, _encode(value), kind)
