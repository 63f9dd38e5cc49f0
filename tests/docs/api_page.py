"""docs/api.md, made from the table of operations. Run as a program, it writes the page."""

import re
from collections.abc import Iterator
from typing import Any

from corral.operations.table import OPERATIONS
from corral.server.docs.calls import body_of
from corral.server.docs.problems import catalogue
from corral.server.docs.shapes import FieldRow, fields_of, kind_of, parameters_of
from corral.server.failures import status_of
from corral.server.openapi.document import document
from corral.server.openapi.schema import prose
from tests.docs.pages import DOCS

Schema = dict[str, Any]

PAGE = DOCS / "api.md"
_TO_TYPE = re.compile(r"\[(\w+)\]\(#type-")
_REF = "#/components/schemas/"
_ABOUT = """\
# API

The operations under `/v1`, made from the program: `python -m tests.docs.api_page` writes this page. A running server
shows the same at `/docs`, and as OpenAPI 3.1 at `/openapi.json`. What all of them have in common is told under
[HTTP](http.md#native-routes); bullmq-proxy's routes are told [there](http.md) too.
"""


def api_page() -> str:
    """The whole page."""
    made = document(OPERATIONS, "")
    native = [
        (method, path, operation)
        for path, item in made["paths"].items()
        if path.startswith("/v1/")
        for method, operation in item.items()
    ]
    parts = [_ABOUT]
    for tag in made["tags"]:
        own = [one for one in native if one[2]["tags"] == [tag["name"]]]
        if own:
            parts += [f"## {tag['name'].capitalize()}\n\n{tag['description']}\n", _overview(own)]
            parts += ["\n".join(_operation(*one, made)) for one in own]
    parts += ["## Types\n", *_types("\n".join(parts), made["components"]["schemas"])]
    parts.append("\n".join(_problems()))
    return "\n".join(parts)


def _overview(own: list[tuple[str, str, Schema]]) -> str:
    rows = (
        f"| [`{method.upper()} {path}`](#{operation['operationId'].lower()}) | {operation['summary']} |"
        for method, path, operation in own
    )
    return "\n".join(("| route | |", "|---|---|", *rows, ""))


def _operation(method: str, path: str, operation: Schema, made: Schema) -> Iterator[str]:
    yield f"### {operation['operationId']}\n"
    yield f"`{method.upper()} {path}`: {operation['summary']}\n"
    if operation.get("description"):
        yield f"{operation['description']}\n"
    yield from _table(parameters_of(operation, _link))
    yield from _body(operation, made)
    yield f"{_notes(operation)}\n"
    yield f"Answers: {'; '.join(_answers(operation, made))}.\n"


def _body(operation: Schema, made: Schema) -> Iterator[str]:
    if "requestBody" not in operation:
        return
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        named = made["components"]["schemas"][schema["$ref"].removeprefix(_REF)]
        yield f"Body: {named.get('description', '')}\n"
        yield from _table(fields_of(named, _link))
    else:
        yield f"Body: {kind_of(schema, _link)}.\n"
    if body_of(operation) != "{}":
        yield f"```json\n{body_of(operation)}\n```\n"


def _notes(operation: Schema) -> str:
    ((roles),) = operation["security"][0].values()
    on_socket = f" Function of the queue socket: `{operation['x-function']}`." if "x-function" in operation else ""
    return f"Permission: {', '.join(roles)}.{on_socket}"


def _answers(operation: Schema, made: Schema) -> Iterator[str]:
    for status, response in operation["responses"].items():
        if "$ref" in response:
            problem = made["components"]["responses"][response["$ref"].rpartition("/")[2]]
            codes = (code for media in problem["content"].values() for code in media["examples"])
            yield f"{status} " + ", ".join(f"[{code}](#problems)" for code in codes)
        else:
            kinds = [kind_of(media["schema"], _link) for media in response.get("content", {}).values()]
            yield f"{status} {kinds[0]}" if kinds else status


def _types(told: str, schemas: Schema) -> Iterator[str]:
    """Those that the page links to, from operations or from other types."""
    waiting, shown = _linked(told), dict[str, str]()
    while waiting:
        name = waiting.pop()
        shown[name] = "\n".join(_type(name, schemas[name]))
        waiting |= _linked(shown[name]) - shown.keys()
    yield from (text for _, text in sorted(shown.items()))


def _linked(text: str) -> set[str]:
    return set(_TO_TYPE.findall(text))


def _type(name: str, schema: Schema) -> Iterator[str]:
    yield f"### Type {name}\n"
    if schema.get("description"):
        yield f"{schema['description']}\n"
    yield from _table(fields_of(schema, _link))


def _problems() -> Iterator[str]:
    yield "## Problems\n"
    yield "| status | code | when |\n|---|---|---|"
    for kind in catalogue():
        yield f"| {status_of(kind)} | `{kind.code}` | {' '.join(prose(kind.__doc__).split())} |"
    yield ""


def _table(rows: list[FieldRow]) -> Iterator[str]:
    if rows:
        yield "| name | value | unless given | |\n|---|---|---|---|"
        for row in rows:
            yield f"| `{row.name}` | {_cell(row.kind)} | {_cell(row.need)} | {_cell(row.text)} |"
        yield ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _link(name: str) -> str:
    return f"[{name}](#type-{name.lower()})"


if __name__ == "__main__":
    PAGE.write_text(api_page())
