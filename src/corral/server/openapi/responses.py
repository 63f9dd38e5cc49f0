"""The answers of an operation: what it succeeds with, and its errors as problem bodies."""

from collections import defaultdict
from collections.abc import Iterable

from corral.model.errors import (
    CorralError,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyMismatch,
    InvalidInput,
    PayloadTooLarge,
    StoreUnavailable,
    TooManyRequests,
    Unauthorized,
)
from corral.operations.operation import Operation, Permission
from corral.server.failures import status_of
from corral.server.openapi.schema import Schema, Schemas, prose
from corral.server.v1 import event_stream, lines, problems
from corral.server.v1.keyed import REPLAYED
from corral.server.v1.places import Places
from corral.server.v1.problems import problem_of

_TEXT = {"schema": {"type": "string"}}
_STREAM = "Server-sent events without end; `data` of each is this as JSON, `id` and `event` are in it too."
_HEADERS = {
    "location": "Where what was added, or its result, is found.",
    "etag": "Changes with the body.",
    REPLAYED: "`true` when this is the answer to an earlier request with the same key.",
    "www-authenticate": "`Bearer`",
    "retry-after": "Seconds to wait before trying again.",
}


class Responses:
    """Those of many operations; problems go into `components`, as most are the answers of many."""

    def __init__(self, schemas: Schemas) -> None:
        self.components: dict[str, Schema] = {}
        self._schemas = schemas
        self._problem = schemas.told(problems.Problem)

    def of(self, operation: Operation, places: Places) -> Schema:
        """By status, the successes first."""
        found = {
            str(status): self._success(operation, status) for status in (operation.status, *operation.other_statuses)
        }
        if operation.tagged:
            found["304"] = {"description": "What `If-None-Match` has is what there is.", "headers": _headers("etag")}
        by_status: dict[int, list[type[CorralError]]] = defaultdict(list)
        for error in sorted(errors_of(operation, places), key=lambda error: (status_of(error), error.code)):
            by_status[status_of(error)].append(error)
        return found | {str(status): self.problem(status, kinds) for status, kinds in by_status.items()}

    def problem(self, status: int, kinds: Iterable[type[CorralError]]) -> Schema:
        """A reference to the problem that one of the errors is."""
        by_code = {kind.code: kind for kind in kinds}
        name = ".".join(by_code)
        media = {
            "schema": self._problem,
            "examples": {code: {"value": _example(kind)} for code, kind in by_code.items()},
        }
        headers = {401: ("www-authenticate",), 429: ("retry-after",), 503: ("retry-after",)}.get(status, ())
        self.components[name] = {
            "description": "\n\n".join(f"`{code}`: {prose(kind.__doc__)}" for code, kind in by_code.items()),
            **({"headers": _headers(*headers)} if headers else {}),
            "content": {problems.CONTENT_TYPE: media},
        }
        return {"$ref": f"#/components/responses/{name}"}

    def _success(self, operation: Operation, status: int) -> Schema:
        if operation.response is None:
            return {"description": "Done."}
        schema = self._schemas.told(operation.response)
        if "after" in operation.headers:
            media: Schema = {event_stream.CONTENT_TYPE: {"schema": {"type": "string", "contentSchema": schema}}}
            return {"description": _STREAM, "content": media}
        names = ["location"] if status in (201, 202) else []
        names += ["etag"] if operation.tagged and status == 200 else []
        names += [REPLAYED] if operation.keyed else []
        described: Schema = {"description": _SUCCESSES[status], "content": {"application/json": {"schema": schema}}}
        if operation.lines:
            described["content"][lines.CONTENT_TYPE] = {"schema": self._line(operation)}
        return described | ({"headers": _headers(*names)} if names else {})

    def _line(self, operation: Operation) -> Schema:
        """A listing has the items of its pages; what was added comes back one by one."""
        line = operation.lines if operation.pages else operation.response
        schema = self._schemas.told(line)
        return {**_TEXT["schema"], "contentSchema": schema, "description": "One on each line."}


_SUCCESSES = {200: "OK", 201: "Added.", 202: "Accepted; it has not ended yet."}


def errors_of(operation: Operation, places: Places) -> set[type[CorralError]]:
    """Those of the row, and those that come with the surface. Classes of one code are one."""
    found: set[type[CorralError]] = {InvalidInput, Unauthorized, Forbidden, StoreUnavailable, *operation.errors}
    if operation.permission == Permission.ENQUEUE:
        found.add(TooManyRequests)
    if places.body is not None:
        found.add(PayloadTooLarge)
    if operation.keyed:
        found |= {IdempotencyInProgress, IdempotencyMismatch}
    by_code: dict[str, type[CorralError]] = {}
    for error in sorted(found, key=lambda error: len(error.__mro__)):
        by_code.setdefault(error.code, error)
    return set(by_code.values())


def _example(kind: type[CorralError]) -> Schema:
    problem = problem_of(kind, "", [])
    return {"type": problem.type, "title": problem.title, "status": problem.status, "detail": "..."}


def _headers(*names: str) -> Schema:
    return {name: {"description": _HEADERS[name], **_TEXT} for name in names}
