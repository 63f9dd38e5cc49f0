"""The shapes in which `/api` tells of errors.

`refusal` is the one with a code, which most resources use; `plain` that of jobs and subscriptions, a text alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from corral.model.errors import (
    CorralError,
    Forbidden,
    InvalidInput,
    NoCredential,
    NotFound,
    QueueForbidden,
    StoreUnavailable,
    TooManyRequests,
    Unauthorized,
)
from corral.server import failures
from corral.server.http.message import Response

JSON = "application/json"
TOO_MANY = "Too many requests, please try again later."

_CODES: tuple[tuple[type[CorralError], str], ...] = (
    (NoCredential, "MISSING_API_KEY"),
    (Unauthorized, "INVALID_API_KEY"),
    (QueueForbidden, "QUEUE_ACCESS_DENIED"),
    (Forbidden, "PERMISSION_DENIED"),
    (TooManyRequests, "LIMIT_EXCEEDED"),
    (InvalidInput, "VALIDATION_ERROR"),
    (NotFound, "NOT_FOUND"),
    (StoreUnavailable, "SERVICE_UNAVAILABLE"),
)
_ADVICE: dict[str, dict[str, Sequence[str]]] = {
    "MISSING_API_KEY": {
        "hints": ["Every request under /api carries the key of an application in a header"],
        "possibleCauses": ["The header was left out", "A proxy on the way took the header away"],
        "suggestedFixes": [
            "Send the key that came with the new application",
            "Ask whoever has the master key for an application of your own",
        ],
    },
    "INVALID_API_KEY": {
        "hints": ["Keys begin with sk_ and are shown once, when they are made"],
        "possibleCauses": [
            "The key was copied incompletely",
            "The key was revoked, or has expired",
            "The application was deleted",
        ],
        "suggestedFixes": ["Compare the key with the one that you were given", "Have a new key made"],
    },
}
_encode = msgspec.json.Encoder().encode


def success(data: object, status: int = 200) -> Response:
    """`{"success": true, "data": ...}`"""
    return Response(status, _encode({"success": True, "data": data}), JSON)


def told(members: Mapping[str, Any], status: int = 200) -> Response:
    """`{"success": true, ...}`"""
    return Response(status, _encode({"success": True, **members}), JSON)


def refusal(status: int, code: str, message: str) -> Response:
    """`{"success": false, "error": {"code", "message"}}`, with advice where there is some."""
    error = {"code": code, "message": message, **_ADVICE.get(code, {})}
    return Response(status, _encode({"success": False, "error": error}), JSON)


def plain(status: int, message: str) -> Response:
    """`{"success": false, "error": "text"}`"""
    return Response(status, _encode({"success": False, "error": message}), JSON)


def as_refusal(error: CorralError) -> Response:
    """Any error in the shape with a code: what a route of `/api` has for `explain`."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "INTERNAL_ERROR")
    found = refusal(failures.status_of(error), code, str(error))
    after = error.retry_after if isinstance(error, TooManyRequests) else 1
    if found.status in (429, 503):
        return msgspec.structs.replace(found, headers=(("retry-after", str(after)),))
    return found


def as_plain(error: CorralError) -> Response:
    """The same for jobs: who may not call at all, or not on this queue, is told so with a code."""
    if isinstance(error, (Unauthorized, QueueForbidden)):
        return as_refusal(error)
    found = as_refusal(error)
    return msgspec.structs.replace(found, body=_encode({"success": False, "error": str(error)}))
