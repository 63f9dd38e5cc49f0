"""GET /docs: the reference on one page, made from the OpenAPI document."""

import base64
import hashlib
from html import escape
from pathlib import Path
from typing import Any

from corral.server.docs.calls import curl
from corral.server.docs.markup import field_table, inline, paragraphs, type_link
from corral.server.docs.shapes import fields_of, kind_of, parameters_of

Schema = dict[str, Any]

_HERE = Path(__file__).parent
STYLE = (_HERE / "style.css").read_text()
SCRIPT = (_HERE / "search.js").read_text()
_REF = "#/components/schemas/"


def reference(document: Schema) -> str:
    """The whole page."""
    tags = document["tags"]
    listed = [
        (method, path, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]
    sections, links = [], []
    for tag in tags:
        own = [one for one in listed if one[2]["tags"] == [tag["name"]]]
        sections.append(f'<h2 id="{tag["name"]}">{tag["name"]}</h2>{paragraphs(tag["description"])}')
        sections += [_operation(*one, document) for one in own]
        links.append(f'<a class="tag" href="#{tag["name"]}">{tag["name"]}</a>' + "".join(map(_nav, own)))
    sections.append('<h2 id="types">types</h2>')
    sections += [_type(name, schema) for name, schema in document["components"]["schemas"].items()]
    about = f"<h1>corral {escape(document['info']['version'])}</h1>{paragraphs(document['info']['description'])}"
    navigation = f'<nav><input type="search" placeholder="Search" aria-label="Search">{"".join(links)}</nav>'
    return page("corral", f"{navigation}<main>{about}{''.join(sections)}</main><script>{SCRIPT}</script>")


def page(title: str, body: str) -> str:
    """A page with the common style."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}</style></head><body>{body}</body></html>'


def policy() -> str:
    """The Content-Security-Policy: this style and this script, and nothing from anywhere."""
    style, script = _hash(STYLE), _hash(SCRIPT)
    return f"default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; frame-ancestors 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _nav(one: tuple[str, str, Schema]) -> str:
    name = one[2]["operationId"]
    return f'<a href="#{name}">{name}</a>'


def _operation(method: str, path: str, operation: Schema, document: Schema) -> str:
    name = operation["operationId"]
    parts = [
        f'<h3><a href="#{name}">{name}</a></h3>',
        f'<p class="route"><b class="{method}">{method.upper()}</b> <code>{escape(path)}</code>{_notes(operation)}</p>',
        f"<p><strong>{inline(operation['summary'])}</strong></p>",
        paragraphs(operation.get("description", "")),
        field_table(parameters_of(operation, type_link)),
        _body(operation, document),
        f"<pre>{escape(curl(method, path, operation))}</pre>",
        _responses(operation, document),
    ]
    return f'<article id="{name}">{"".join(parts)}</article>'


def _notes(operation: Schema) -> str:
    needs = [role for scheme in operation.get("security", []) for roles in scheme.values() for role in roles]
    notes = [f"needs {need}" for need in needs]
    if "x-function" in operation:
        notes.append(f"on the socket <code>{operation['x-function']}</code>")
    return f" <small>{', '.join(notes)}</small>" if notes else ""


def _body(operation: Schema, document: Schema) -> str:
    if "requestBody" not in operation:
        return ""
    content = operation["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    lines = f" In lines: {kind_of(content[kind]['schema'], type_link)}." if (kind := _lines_in(content)) else ""
    if "$ref" in schema:
        named = document["components"]["schemas"][schema["$ref"].removeprefix(_REF)]
        return f"<h4>Body</h4>{paragraphs(named.get('description', ''))}{field_table(fields_of(named, type_link))}"
    return f"<h4>Body</h4><p>{kind_of(schema, type_link)}.{lines}</p>"


def _lines_in(content: Schema) -> str | None:
    return next((kind for kind in content if kind.endswith("ndjson")), None)


def _responses(operation: Schema, document: Schema) -> str:
    rows = []
    for status, response in operation["responses"].items():
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
            said = ", ".join(
                f'<a href="/docs/problems#{code}">{code}</a>'
                for media in response["content"].values()
                for code in media["examples"]
            )
        else:
            said = inline(response["description"])
            kinds = {kind_of(media["schema"], type_link) for media in response.get("content", {}).values()}
            said += "".join(f" {kind}" for kind in sorted(kinds) if kind != "text")
        rows.append(f"<tr><td>{status}</td><td>{said}</td></tr>")
    return f'<h4>Answers</h4><table class="answers">{"".join(rows)}</table>'


def _type(name: str, schema: Schema) -> str:
    return (
        f'<article id="type-{name}"><h3>{name}</h3>{paragraphs(schema.get("description", ""))}'
        f"{field_table(fields_of(schema, type_link))}</article>"
    )
