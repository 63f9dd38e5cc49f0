"""JSON Schemas in words, for the reference: what a value may be, and the fields of an object."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

Schema = dict[str, Any]
Link = Callable[[str], str]
"""Renders the name of a type."""

_NAMES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
_HUGE = 2**31 - 1
_REF = "#/components/schemas/"


class FieldRow(msgspec.Struct, frozen=True):
    """One line of a table of fields or parameters. `need` is `required`, or what holds unless it is given."""

    name: str
    kind: str
    need: str
    text: str


def kind_of(schema: Schema, link: Link) -> str:
    """Such as `whole number, 1 to 100`."""
    if "$ref" in schema:
        return link(schema["$ref"].removeprefix(_REF))
    if "anyOf" in schema:
        return " or ".join(kind_of(member, link) for member in schema["anyOf"])
    if "contentSchema" in schema:
        return kind_of(schema["contentSchema"], link)
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    kinds = schema.get("type")
    if kinds is None:
        return "any JSON"
    return " or ".join(_one(kind, schema, link) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def fields_of(schema: Schema, link: Link) -> list[FieldRow]:
    """The members of an object, those that must be there first."""
    required = schema.get("required", [])
    rows = [
        FieldRow(name, kind_of(member, link), _need(member, name in required), member.get("description", ""))
        for name, member in schema.get("properties", {}).items()
    ]
    return sorted(rows, key=lambda row: row.need != "required")


def parameters_of(operation: Schema, link: Link) -> list[FieldRow]:
    """Those of the path, the query and the headers; the place is part of the name."""
    return [
        FieldRow(
            f"{one['name']} ({one['in']})",
            kind_of(one["schema"], link),
            _need(one["schema"], bool(one.get("required"))),
            one.get("description", ""),
        )
        for one in operation.get("parameters", [])
    ]


def _one(kind: str, schema: Schema, link: Link) -> str:
    if kind == "array":
        return f"list of {kind_of(schema.get('items', {}), link)}{_size(schema)}"
    if kind == "object" and schema.get("additionalProperties"):
        return f"object of {kind_of(schema['additionalProperties'], link)}"
    bounds = _bounds(schema.get("minimum"), schema.get("maximum")) if kind in ("integer", "number") else ""
    if kind == "string" and "maxLength" in schema:
        bounds = f", up to {schema['maxLength']} characters"
    elif kind == "string" and schema.get("minLength"):
        bounds = ", not empty"
    return _NAMES[kind] + bounds


def _bounds(least: float | None, most: float | None) -> str:
    if most is not None and most > _HUGE:
        most = None
    if most is None:
        return "" if least is None or least < -_HUGE else f", {least} or more"
    return f", up to {most}" if least is None else f", {least} to {most}"


def _size(schema: Schema) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    return "" if most is None else f" ({least or 0} to {most})"


def _need(schema: Schema, required: bool) -> str:
    if required:
        return "required"
    default = schema.get("default")
    return f"`{json.dumps(default)}`" if default not in (None, "") and not isinstance(default, (list, dict)) else ""
