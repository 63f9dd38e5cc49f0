"""JSON Schemas of msgspec types, each struct as a component under the name of its class.

Not msgspec's own: that one cannot write defaults that are `msgspec.Raw`, and calls fields of answers optional that
are always there.
"""

import inspect
from typing import Any

import msgspec
from msgspec import NODEFAULT
from msgspec import inspect as types

from corral.server.openapi.words import words_of

Schema = dict[str, Any]

_REF = "#/components/schemas/"
_PLAIN: dict[type[types.Type], str] = {
    types.NoneType: "null",
    types.BoolType: "boolean",
    types.IntType: "integer",
    types.FloatType: "number",
    types.StrType: "string",
}
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
}


class Schemas:
    """Collects `components` as it is asked. A struct that is both given and told is described as given."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._open: set[type] = set()
        self._told = False

    def given(self, kind: Any) -> Schema:
        """What a caller may send: fields with a default may be left out."""
        self._told = False
        return self._of(types.type_info(kind))

    def told(self, kind: Any) -> Schema:
        """What a caller is told: only fields that may be missing are optional."""
        self._told = True
        return self._of(types.type_info(kind))

    def _of(self, node: types.Type) -> Schema:
        match node:
            case types.Metadata(type=inner, extra_json_schema=extra):
                return {**self._of(inner), **(extra or {})}
            case types.AnyType() | types.RawType():
                return {}
            case types.StructType():
                return self._struct(node)
            case types.UnionType(types=members):
                return _either([self._of(member) for member in members])
            case types.LiteralType(values=values):
                return {"type": "string", "enum": list(values)}
            case types.EnumType(cls=cls):
                return {"type": "string", "enum": [member.value for member in cls]}
            case types.DictType(value_type=value):
                return {"type": "object", "additionalProperties": self._of(value)}
            case types.CollectionType():
                return _bounded({"type": "array", "items": self._of(node.item_type)}, node, "Items")
        return _bounded({"type": _PLAIN[type(node)]}, node, "Length")

    def _struct(self, node: types.StructType) -> Schema:
        name = node.cls.__name__
        if node.cls not in self._open:
            self._open.add(node.cls)
            described = self._fields(node)
            if self.components.setdefault(name, described) != described:
                raise ValueError(f"Two types of the name {name}")
        return {"$ref": _REF + name}

    def _fields(self, node: types.StructType) -> Schema:
        words = words_of(node.cls)
        properties = {
            field.encode_name: {**words.get(field.encode_name, {}), **self._of(field.type), **self._default(field)}
            for field in node.fields
        }
        required = [field.encode_name for field in node.fields if self._is_there(node.cls, field)]
        schema: Schema = {"type": "object"}
        if node.cls.__doc__:
            schema["description"] = prose(node.cls.__doc__)
        schema["properties"] = properties
        if required:
            schema["required"] = required
        if node.forbid_unknown_fields and not self._told:
            schema["additionalProperties"] = False
        return schema

    def _is_there(self, cls: Any, field: types.Field) -> bool:
        if field.required or not self._told:
            return field.required
        unset = field.default is NODEFAULT and field.default_factory is NODEFAULT
        return not unset and not cls.__struct_config__.omit_defaults

    def _default(self, field: types.Field) -> Schema:
        if self._told:
            return {}
        value = field.default if field.default_factory is NODEFAULT else field.default_factory()
        if isinstance(value, msgspec.Raw):
            return {"default": msgspec.json.decode(value)}
        return {} if value is NODEFAULT or value is None else {"default": msgspec.to_builtins(value)}


def prose(doc: str | None) -> str:
    """A docstring without its indentation and line breaks."""
    paragraphs = inspect.cleandoc(doc or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def without_null(schema: Schema) -> Schema:
    """For places where a value that is null cannot be sent but left out."""
    if isinstance(schema.get("type"), list):
        (kind,) = (one for one in schema["type"] if one != "null")
        return {**schema, "type": kind}
    if "anyOf" in schema:
        members = [one for one in schema["anyOf"] if one != {"type": "null"}]
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        return {**rest, **members[0]} if len(members) == 1 else {**schema, "anyOf": members}
    return schema


def _either(members: list[Schema]) -> Schema:
    """`{"type": ["string", "null"]}` for the commonest union, `anyOf` for the others."""
    if len(members) == 2 and members[1] == {"type": "null"} and isinstance(members[0].get("type"), str):
        first = members[0]
        values = {"enum": [*first["enum"], None]} if "enum" in first else {}
        return {**first, "type": [first["type"], "null"], **values}
    if {} in members:
        return {}
    return {"anyOf": members}


def _bounded(schema: Schema, node: types.Type, unit: str) -> Schema:
    for bound, keyword in _BOUNDS.items():
        value = getattr(node, bound, None)
        if value is None:
            continue
        if bound == "lt" and isinstance(node, types.IntType):
            keyword, value = "maximum", value - 1
        schema[keyword.replace("Length", unit)] = value
    return schema
