"""Answers to what reaches none of the native routes."""

from collections.abc import Sequence

from corral.model.errors import InvalidInput, MethodNotAllowed, NotFound, PayloadTooLarge
from corral.server.http.message import Response
from corral.server.v1.problems import as_problem

_LEADS = "/v1/"
_REFUSALS = {400: InvalidInput, 413: PayloadTooLarge}


def is_native(path: str) -> bool:
    """Whether a path belongs to the native surface, routed or not."""
    return path.startswith(_LEADS) or path == _LEADS[:-1]


def unrouted(path: str, allowed: Sequence[str]) -> Response:
    """`allowed` are the methods that the path does have."""
    if not allowed:
        return as_problem(NotFound(f"There is nothing at {path}"))
    listed = ", ".join(allowed)
    found = as_problem(MethodNotAllowed(f"{path} takes {listed}"))
    return Response(found.status, found.body, found.content_type, (("allow", listed),))


def refused(refusal: Response) -> Response:
    """What the HTTP server has against a request before anybody has seen it."""
    kind = _REFUSALS.get(refusal.status)
    return refusal if kind is None else as_problem(kind(refusal.body.decode()))
