"""Errors as RFC 9457 problem bodies, each with a stable type."""

import re

import msgspec

from corral.model.errors import BadField, CorralError, FieldProblem, TooManyRequests
from corral.server import failures
from corral.server.http.message import Response

CONTENT_TYPE = "application/problem+json"
DOCS = "/docs/problems"
_AT = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_HEADERS = {401: (("www-authenticate", "Bearer"),), 503: (("retry-after", "1"),)}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong. `type` is stable and meant for programs; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = []


def as_problem(error: CorralError) -> Response:
    """The answer that says the same as the error."""
    fields = error.problems if isinstance(error, BadField) else []
    problem = problem_of(type(error), str(error), fields)
    headers = _HEADERS.get(problem.status, ())
    if isinstance(error, TooManyRequests):
        headers = (("retry-after", str(error.retry_after)),)
    return Response(problem.status, msgspec.json.encode(problem), CONTENT_TYPE, headers)


def problem_of(kind: type[CorralError], detail: str, fields: list[FieldProblem]) -> Problem:
    """The body for an error of this kind."""
    return Problem(f"{DOCS}#{kind.code}", title_of(kind.code), failures.status_of(kind), detail, fields)


def title_of(code: str) -> str:
    """What the code says, for people."""
    return code.replace("-", " ").capitalize()


def without_place(text: str) -> str:
    """What msgspec says is wrong, but not where: that is said otherwise."""
    return _AT.sub("", text)


def bad_body(error: msgspec.DecodeError | UnicodeDecodeError | RecursionError) -> BadField:
    """msgspec names the place as `$[0].name`; clients read JSON pointers."""
    if isinstance(error, RecursionError):
        return BadField(FieldProblem("The JSON is nested too deeply", pointer="#"))
    text = str(error)
    found = _AT.search(text)
    if found is None:
        return BadField(FieldProblem(text, pointer="#"))
    steps = (name or index for name, index in _STEP.findall(found[1]))
    return BadField(FieldProblem(text[: found.start()], pointer="#" + "".join(f"/{step}" for step in steps)))
