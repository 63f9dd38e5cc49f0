"""The routes that are not in the table of operations: bullmq-proxy's, health, and the documents themselves."""

from typing import Annotated, Any, Literal

import msgspec

from corral.model.job import Job
from corral.operations.jobs import JobPage, LogPage
from corral.server.openapi.operations import API_KEY, BEARER
from corral.server.openapi.schema import Schema, Schemas, without_null
from corral.server.status import Health

Text = Annotated[str, msgspec.Meta(min_length=1)]
Whole = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Address = Annotated[str, msgspec.Meta(pattern=r"^https?://\S+$")]
Any_ = msgspec.Raw
_REFUSALS = {
    "400": "The request cannot be right; nothing was stored. The text says why.",
    "401": "`Unauthorized`",
    "404": "`Job not found`, `Worker not found`",
    "413": "`Payload too large`",
    "503": "The engine does not answer, or corral is stopping.",
}


class PostedJob(msgspec.Struct, forbid_unknown_fields=True):
    """A job; `data` is any JSON but null, false, 0 and empty text."""

    name: Text
    data: dict[str, Any]
    opts: dict[str, Any] | None = None


class Target(msgspec.Struct, forbid_unknown_fields=True):
    """Where jobs are sent. `timeout` (ms) is how long the endpoint may take to begin its answer."""

    url: Address
    method: Literal["POST", "PUT", "PATCH"]
    headers: dict[str, str] = {}
    timeout: Whole = 3000


class PostedWorker(msgspec.Struct, forbid_unknown_fields=True):
    """An endpoint that is to be the worker of a queue. `opts` are `concurrency`, `limiter` and others."""

    queue: Text
    endpoint: Target
    opts: dict[str, Any] | None = None


class PostedEndpoint(msgspec.Struct):
    """The same in the older form, with the queue in the path."""

    url: Address
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, str] = {}
    timeout: Whole = 3000
    opts: dict[str, Any] | None = None


class JobsQuery(msgspec.Struct):
    """Which jobs: `statuses` separated by commas, and a range of each."""

    statuses: str | None = None
    start: Whole = 0
    length: Annotated[int, msgspec.Meta(ge=0, le=100)] = 10


class LogsQuery(msgspec.Struct):
    """Which rows: `length` from `start` on, or up to `end`, -1 being the last."""

    start: int = 0
    length: Whole = 10
    end: int | None = None


class Row(msgspec.Struct, frozen=True):
    """One route. `answer` is the type of its JSON; None: text. `access` is the scheme of its token, None: public."""

    method: str
    path: str
    name: str
    summary: str
    answer: Any = None
    body: Any = None
    query: Any = None
    access: str | None = "bearer"
    tag: str = "proxy"
    kind: str = "text/plain"
    """The media type of a text."""
    others: tuple[str, ...] = ()
    """More statuses with the same kind of answer."""


_QUEUE, _JOB = "/queues/{queueName}/jobs", "/queues/{queueName}/jobs/{jobId}"
ROWS = (
    Row("POST", _QUEUE, "proxyAddJobs", "Add jobs, all or none.", list[Job], list[PostedJob]),
    Row("GET", _QUEUE, "proxyGetJobs", "Count jobs and list the newest.", JobPage, query=JobsQuery),
    Row("GET", _JOB, "proxyGetJob", "Get one job.", Job),
    Row("POST", f"{_JOB}/progress", "proxySetProgress", "Report the job's progress.", body=Any_, access="lock"),
    Row("POST", f"{_JOB}/logs", "proxyAddLog", "Append to the job's log.", body=Any_, access="lock"),
    Row("GET", f"{_JOB}/logs", "proxyGetLogs", "Read the job's log.", LogPage, query=LogsQuery),
    Row("POST", "/workers", "proxyAddWorker", "Make an endpoint the worker of a queue.", body=PostedWorker),
    Row("GET", "/workers", "proxyGetWorkers", "The endpoint's URL by queue.", dict[str, str]),
    Row("DELETE", "/workers/{queueName}", "proxyRemoveWorker", "Remove the endpoint of a queue."),
    Row("POST", "/endpoints/{queueName}", "proxyAddEndpoint", "Add a worker, in the older form.", body=PostedEndpoint),
    Row("GET", "/endpoints", "proxyGetEndpoints", "The same as `GET /workers`.", dict[str, str]),
    Row("DELETE", "/endpoints/{queueName}", "proxyRemoveEndpoint", "The same as `DELETE /workers/{queueName}`."),
    Row("GET", "/", "getBanner", "Banner with the version.", access=None, tag="process"),
    Row("GET", "/health", "getHealth", "State of the process and its engine.", Health, access=None, tag="process"),
    Row(
        "GET", "/health/ready", "getReady", "The same; 503 while the engine is away.", Health,
        access=None, tag="process", others=("503",),
    ),
    Row(
        "GET", "/openapi.json", "getOpenApi", "This document.", dict[str, Any],
        access=None, tag="process", others=("304",),
    ),
    Row("GET", "/docs", "getDocs", "The reference as a page.", access=None, tag="process", kind="text/html"),
    Row("GET", "/docs/problems", "getProblems", "All problems.", access=None, tag="process", kind="text/html"),
)  # fmt: skip


def described_row(row: Row, schemas: Schemas) -> Schema:
    """Its path item's member."""
    found: Schema = {"operationId": row.name, "summary": row.summary, "tags": [row.tag]}
    schemes = (BEARER, API_KEY) if row.access == BEARER else (row.access,)
    found["security"] = [{scheme: []} for scheme in schemes if scheme]
    parameters = _parameters(row, schemas)
    if parameters:
        found["parameters"] = parameters
    if row.body is not None:
        content = {"application/json": {"schema": schemas.given(row.body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found | {"responses": _responses(row, schemas)}


def _parameters(row: Row, schemas: Schemas) -> list[Schema]:
    in_path = [part[1:-1] for part in row.path.split("/") if part.startswith("{")]
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path
    ]
    for field in msgspec.structs.fields(row.query) if row.query else ():
        schema = without_null(schemas.given(field.type))
        default = {} if field.default is None else {"default": field.default}
        found.append({"name": field.encode_name, "in": "query", "schema": schema | default})
    return found


def _responses(row: Row, schemas: Schemas) -> Schema:
    text = {row.kind: {"schema": {"type": "string"}}}
    if row.answer is None:
        found: Schema = {"200": {"description": "Text.", "content": text}}
    else:
        content = {"application/json": {"schema": schemas.told(row.answer)}, **(text if row.access else {})}
        words = "JSON, as plain text unless `Accept` names `application/json`." if row.access else "OK"
        found = {"200": {"description": words, "content": content}}
    found |= {status: {**found["200"], "description": "The same."} for status in row.others if status != "304"}
    if "304" in row.others:
        found["304"] = {"description": "What `If-None-Match` has is what there is."}
    if row.access is None:
        return found
    refusals = [status for status in _REFUSALS if status != "413" or row.body is not None]
    return found | {status: {"description": _REFUSALS[status], "content": text} for status in refusals}
