"""One row of the table of operations as OpenAPI describes it."""

import re
from typing import Any

from msgspec.structs import FieldInfo

from corral.operations.operation import Operation
from corral.server.openapi.responses import Responses
from corral.server.openapi.schema import Schema, Schemas, prose, without_null
from corral.server.v1 import lines
from corral.server.v1.decode import takes_many
from corral.server.v1.keyed import HEADER, LONGEST_KEY
from corral.server.v1.places import Places, places_of

BEARER = "bearer"
API_KEY = "apiKey"
_KEY = {
    "name": HEADER,
    "in": "header",
    "description": "Any text of the caller's. For 24 hours, a request with the same key gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}
_KNOWN = {
    "name": "if-none-match",
    "in": "header",
    "description": "What `ETag` said before: if nothing has changed since, the answer is 304 without a body.",
    "schema": {"type": "string"},
}
_RAISES = re.compile(r"Raises [^.]*\.")
"""In a docstring; callers over HTTP find the errors among the answers."""

_FORMS = "An answer in lines is asked for with `Accept: application/x-ndjson`"


def described(operation: Operation, schemas: Schemas, responses: Responses) -> Schema:
    """Its path item's member; types that it names are collected in `schemas`."""
    places = places_of(operation)
    found: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _description(operation, places),
        "tags": [operation.tag],
        "security": [{scheme: [str(operation.permission)]} for scheme in (BEARER, API_KEY)],
        "parameters": _parameters(operation, places, schemas),
    }
    if places.body is not None:
        found["requestBody"] = _body(operation, places, schemas)
    found["responses"] = responses.of(operation, places)
    if operation.fn is not None:
        found["x-function"] = operation.fn
    return {name: value for name, value in found.items() if value not in ("", [])}


def _description(operation: Operation, places: Places) -> str:
    texts = [_RAISES.sub("", prose(operation.run.__doc__)).strip()]
    if places.body is None and places.query:
        texts.append(prose(operation.request.__doc__))
    if operation.pages:
        texts.append(f"{_FORMS}: it has everything from the cursor on, and `limit` is how many are read at a time.")
    elif operation.lines:
        texts.append(f"{_FORMS}.")
    return "\n\n".join(text for text in texts if text)


def _parameters(operation: Operation, places: Places, schemas: Schemas) -> list[Schema]:
    found = [_parameter("path", name, field, schemas) for name, field in places.path.items()]
    found += [_parameter("query", name, field, schemas) for name, field in places.query.items()]
    found += [_parameter("header", name, field, schemas) for name, field in places.headers.items()]
    found += [_KEY] if operation.keyed else []
    found += [_KNOWN] if operation.tagged else []
    return found


def _parameter(place: str, name: str, field: FieldInfo, schemas: Schemas) -> Schema:
    schema = without_null(schemas.given(field.type))
    text = schema.pop("description", None)
    default: Any = None if field.required else field.default
    if isinstance(default, (bool, int, float, str)):
        schema["default"] = default
    found: Schema = {"name": name, "in": place, "schema": schema}
    if text:
        found["description"] = text
    if field.required:
        found["required"] = True
    if takes_many(field.type):
        found |= {"style": "form", "explode": False}
    return found


def _body(operation: Operation, places: Places, schemas: Schemas) -> Schema:
    media: Schema = {"schema": schemas.given(places.body)}
    if operation.example is not None:
        media["example"] = operation.example
    content = {"application/json": media}
    if operation.lines:
        line = {"type": "string", "description": "One on each line.", "contentSchema": schemas.given(operation.lines)}
        content[lines.CONTENT_TYPE] = {"schema": line}
    return {"required": True, "content": content} if places.needs_body else {"content": content}
