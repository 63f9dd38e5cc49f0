"""The whole document: every operation, every other route, and what they have in common."""

from collections.abc import Sequence

from corral.operations.operation import Operation
from corral.server.openapi.operations import API_KEY, BEARER, described
from corral.server.openapi.proxy import ROWS, described_row
from corral.server.openapi.responses import Responses
from corral.server.openapi.schema import Schema, Schemas, prose
from corral.server.v1.places import places_of
from corral.server.v1.problems import DOCS

TAGS = {
    "queues": "What queues hold, their switches and limits, and moves of all their jobs.",
    "jobs": "Adding, finding, changing and removing jobs.",
    "flows": "Trees of jobs, in which a parent waits for its children.",
    "schedulers": "Jobs that come again and again.",
    "leases": "Claiming jobs by oneself, each for a time, and ending them.",
    "events": "What happens in queues, as it happens.",
    "workers": "Who works on the jobs, and how.",
    "applications": "Who shares the server, by which keys, and what was changed.",
    "webhooks": "URLs that are called when something happens to jobs, and what was sent to them.",
    "proxy": "The routes of bullmq-proxy: errors are plain text.",
    "process": "The server itself.",
}
_ABOUT = f"""A job queue over HTTP on BullMQ's data format.

Routes under `/v1` answer errors as problems (RFC 9457), whose types are listed at [{DOCS}]({DOCS}). Times are
milliseconds since the epoch. The operations that have an `x-function` can be called by that name on the queue's
WebSocket too. A path that has a `GET` takes a `HEAD` as well."""
_SCHEMES = {
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of the operator's, or the key of an application with the role that is named.",
    },
    API_KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The key of an application, or a token; the setting API_KEY_HEADER renames the header.",
    },
    "lock": {"type": "http", "scheme": "bearer", "description": "The token of the lock that the job is held under."},
}


def document(operations: Sequence[Operation], version: str) -> Schema:
    """OpenAPI 3.1 as plain values."""
    schemas = Schemas()
    for one in operations:  # first of all, as types that are given and told too are described as given
        schemas.given(places_of(one).body)
    responses = Responses(schemas)
    paths: Schema = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = described(one, schemas, responses)
    for row in ROWS:
        paths.setdefault(row.path, {})[row.method.lower()] = described_row(row, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "corral",
            "version": version,
            "description": prose(_ABOUT),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{BEARER: []}, {API_KEY: []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": dict(sorted(responses.components.items())),
            "securitySchemes": _SCHEMES,
        },
    }
