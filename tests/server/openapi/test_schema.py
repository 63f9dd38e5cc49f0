"""Types as JSON Schema."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from corral.server.openapi.schema import Schemas, without_null

U = msgspec.UnsetType
UNSET = msgspec.UNSET


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An inner one."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=9, description="Its name.")]


class Outer(msgspec.Struct, frozen=True, rename="camel"):
    """An outer one.

    In two paragraphs
    over three lines.
    """

    some_id: int
    inner: Inner | None = None
    rest: list["Outer"] = []
    raw: msgspec.Raw = msgspec.Raw(b'{"a":1}')
    missing: bool | U = UNSET


class Sparse(msgspec.Struct, frozen=True, omit_defaults=True):
    """Only what is not usual."""

    count: int = 0


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, {"type": "string"}),
        (Any, {}),
        (msgspec.Raw, {}),
        (int | None, {"type": ["integer", "null"]}),
        (str | U, {"type": "string"}),
        (str | int, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a"] | None, {"type": ["string", "null"], "enum": ["a", None]}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (tuple[float, ...], {"type": "array", "items": {"type": "number"}}),
        (Annotated[int, msgspec.Meta(ge=0, lt=8)], {"type": "integer", "minimum": 0, "maximum": 7}),
        (Annotated[float, msgspec.Meta(gt=0, lt=8)], {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 8}),
        (
            Annotated[list[int], msgspec.Meta(min_length=1)],
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        ),
    ],
)
def test_plain_types(kind: Any, schema: dict[str, Any]) -> None:
    found = Schemas().given(kind)
    if "anyOf" in schema:
        assert sorted(found["anyOf"], key=str) == sorted(schema["anyOf"], key=str)
    else:
        assert found == schema


def test_structs_are_components() -> None:
    schemas = Schemas()
    assert schemas.given(Outer) == {"$ref": "#/components/schemas/Outer"}
    outer, inner = schemas.components["Outer"], schemas.components["Inner"]
    assert outer["description"] == "An outer one.\n\nIn two paragraphs over three lines."
    assert outer["required"] == ["someId"]
    assert outer["properties"]["raw"] == {"default": {"a": 1}}
    assert outer["properties"]["rest"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Outer"},
        "default": [],
    }
    assert outer["properties"]["inner"] == {"anyOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}]}
    assert inner["additionalProperties"] is False
    assert inner["properties"]["name"] == {"type": "string", "minLength": 1, "maxLength": 9, "description": "Its name."}


def test_what_is_told_is_there_unless_it_may_be_missing() -> None:
    schemas = Schemas()
    schemas.told(Outer)
    schemas.told(Sparse)
    assert schemas.components["Outer"]["required"] == ["someId", "inner", "rest", "raw"]
    assert "required" not in schemas.components["Sparse"]
    assert "additionalProperties" not in schemas.components["Inner"]


def test_two_types_of_one_name_are_refused() -> None:
    other = msgspec.defstruct("Inner", [("number", int)])
    schemas = Schemas()
    schemas.given(Inner)
    with pytest.raises(ValueError, match="Inner"):
        schemas.given(other)


def test_null_is_left_out_where_it_cannot_be_sent() -> None:
    schemas = Schemas()
    assert without_null(schemas.given(int | None)) == {"type": "integer"}
    assert without_null(schemas.given(Inner | None)) == {"$ref": "#/components/schemas/Inner"}
    assert without_null(schemas.given(str)) == {"type": "string"}
