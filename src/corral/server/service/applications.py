"""`/api/applications`: the operator makes applications, each with its first key."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from corral.lifecycle.accounts import KeyTerms
from corral.model.application import Application, ApplicationSettings
from corral.model.errors import CorralError, Forbidden, NotFound
from corral.operations.applications import GivenSettings
from corral.policy.names import decode_segment
from corral.server.call import Access, Call, Route
from corral.server.http.message import Response
from corral.server.service.errors import as_refusal, refusal, success

_ROLES = ["admin"]
_NAME_LENGTH = 200


class _Body(msgspec.Struct, frozen=True):
    """What a client sends; what is `None` was left out."""

    name: Any = None
    settings: GivenSettings | None = None


_decode = msgspec.json.Decoder(_Body).decode


class _Bad(Exception):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.response = refusal(400, code, text)


async def create(call: Call) -> Response:
    """POST /api/applications"""
    try:
        body = _body(call)
        name = _name(body)
    except _Bad as error:
        return error.response
    if name is None:
        return refusal(400, "MISSING_NAME", "Application name is required")
    accounts, now = call.services.accounts, call.services.clock()
    made = await accounts.create(name, _settings(body) or ApplicationSettings(), now)
    _, secret = await accounts.create_key(made.id, KeyTerms(_ROLES), now)
    shown = _shown(made)
    return success({"id": shown.pop("id"), "name": shown.pop("name"), "apiKey": secret, **shown}, 201)


async def list_all(call: Call) -> Response:
    """GET /api/applications"""
    return success([_shown(one) for one in await call.services.accounts.everyone()])


async def get(call: Call) -> Response:
    """GET /api/applications/:id"""
    return success(_shown(await call.services.accounts.get(_id(call))))


async def change(call: Call) -> Response:
    """PATCH /api/applications/:id; what is left out stays."""
    try:
        body = _body(call)
        name = _name(body)
    except _Bad as error:
        return error.response
    changed = await call.services.accounts.change(_id(call), name, _settings(body), call.services.clock())
    return success(_shown(changed))


async def delete(call: Call) -> Response:
    """DELETE /api/applications/:id"""
    await call.services.accounts.delete(_id(call))
    return success({"message": "Application deleted successfully"})


def explain(error: CorralError) -> Response:
    """Whoever is not the operator is told one thing, whatever was shown."""
    if isinstance(error, Forbidden):
        return refusal(403, "FORBIDDEN", "Master API key required")
    if isinstance(error, NotFound):
        return refusal(404, "APPLICATION_NOT_FOUND", str(error))
    return as_refusal(error)


_PATH = "/api/applications"
ROUTES = (
    Route("POST", _PATH, Access.MASTER, create, explain),
    Route("GET", _PATH, Access.MASTER, list_all, explain),
    Route("GET", f"{_PATH}/:id", Access.MASTER, get, explain),
    Route("PATCH", f"{_PATH}/:id", Access.MASTER, change, explain),
    Route("DELETE", f"{_PATH}/:id", Access.MASTER, delete, explain),
)


def _id(call: Call) -> str:
    return decode_segment(call.params[0])


def _body(call: Call) -> _Body:
    try:
        return _decode(call.request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Bad("VALIDATION_ERROR", str(error)) from None


def _name(body: _Body) -> str | None:
    """None for what JavaScript takes for none."""
    if not body.name:
        return None
    if not isinstance(body.name, str) or len(body.name) > _NAME_LENGTH:
        raise _Bad("VALIDATION_ERROR", f"Application name must be a text of at most {_NAME_LENGTH} letters")
    return body.name


def _settings(body: _Body) -> ApplicationSettings | None:
    return None if body.settings is None else body.settings.stored()


def _shown(application: Application) -> dict[str, Any]:
    return {
        "id": application.id,
        "name": application.name,
        "settings": application.settings,
        "createdAt": _iso(application.created_at),
        "updatedAt": _iso(application.updated_at),
    }


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
