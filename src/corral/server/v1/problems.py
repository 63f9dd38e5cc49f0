"""Errors as RFC 9457 problem bodies, each with a stable type."""

import re

import msgspec

from corral.model.errors import BadField, CorralError, FieldProblem
from corral.server import failures
from corral.server.http.message import Response

CONTENT_TYPE = "application/problem+json"
_DOCS = "/docs/problems#"
_AT = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body. `type` is stable and meant for programs; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = []


def as_problem(error: CorralError) -> Response:
    """The answer that says the same as the error."""
    status = failures.status_of(error)
    fields = error.problems if isinstance(error, BadField) else []
    body = Problem(_DOCS + error.code, _title(error.code), status, str(error), fields)
    return Response(status, msgspec.json.encode(body), CONTENT_TYPE)


def bad_body(error: msgspec.DecodeError | UnicodeDecodeError | RecursionError) -> BadField:
    """msgspec names the place as `$[0].name`; clients read JSON pointers."""
    text = str(error)
    found = _AT.search(text)
    if found is None:
        return BadField(FieldProblem(text, pointer="#"))
    steps = (name or index for name, index in _STEP.findall(found[1]))
    return BadField(FieldProblem(text[: found.start()], pointer="#" + "".join(f"/{step}" for step in steps)))


def _title(code: str) -> str:
    return code.replace("-", " ").capitalize()
