"""Administrative changes over HTTP, written into the audit log before they are answered."""

from collections.abc import Callable

import msgspec

from corral.model.audit import AuditEntry
from corral.model.errors import StoreError, StoreUnavailable
from corral.observe import log
from corral.operations.operation import Permission
from corral.operations.services import Services
from corral.policy.access import digest
from corral.server.call import Access, Call, Handler, Route
from corral.server.http.message import Request, Response, StreamResponse

ADMINISTRATIVE = frozenset({Permission.MANAGE, Permission.ADMIN, Permission.OPERATOR})
_ASKS = ("GET", "HEAD")
_SHOWN = 8


class _Made(msgspec.Struct, frozen=True):
    """What names that which was made, in an answer of either surface."""

    id: str = ""
    data: "_Made | None" = None


_decode = msgspec.json.Decoder(_Made).decode


def audited(route: Route, credential: Callable[[Request], str | None]) -> Route:
    """The same route; one that changes what only administrators may writes it down."""
    asks = route.method in _ASKS or route.access in (Access.PUBLIC, Access.OPEN, Access.LOCK)
    if asks or route.permission not in ADMINISTRATIVE:
        return route
    return msgspec.structs.replace(route, handler=_writing(route, credential))


class Origin(msgspec.Struct, frozen=True):
    """Where a change came from; `shown` is the beginning of the digest of the credential."""

    shown: str | None
    address: str


def origin_of(token: str | None, address: str) -> Origin:
    return Origin(digest(token)[:_SHOWN] if token else None, address)


async def write(services: Services, action: str, target: str, origin: Origin) -> None:
    """It is done already, so that it is answered even when it cannot be written down; then the log says so."""
    caller = services.caller
    key = caller.key or origin.shown
    entry = AuditEntry(services.clock(), action, target, caller.application, key, origin.address)
    try:
        await services.audit.write(entry)
    except (StoreUnavailable, StoreError) as error:
        log.not_audited(action, target, error)


def _writing(route: Route, credential: Callable[[Request], str | None]) -> Handler:
    inner, action = route.handler, f"{route.method} {route.path}"

    async def handle(call: Call) -> Response | StreamResponse:
        answer = await inner(call)
        if answer.status < 400:
            request = call.request
            made = _id_in(answer) if route.method == "POST" else ""
            target = f"{request.path}/{made}" if made else request.path
            await write(call.services, action, target, origin_of(credential(request), request.peer))
        return answer

    return handle


def _id_in(answer: Response | StreamResponse) -> str:
    if not isinstance(answer, Response) or answer.status != 201:
        return ""
    try:
        found = _decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return found.id or (found.data.id if found.data else "")
