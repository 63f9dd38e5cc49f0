"""From an HTTP request to an operation's own request value."""

from collections.abc import Mapping, Set
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qs

import msgspec
from msgspec.structs import FieldInfo

from corral.model.errors import BadField, FieldProblem, InvalidInput
from corral.operations.operation import Operation
from corral.policy.json_body import check_raw
from corral.policy.names import decode_segment
from corral.server.http.message import Request
from corral.server.v1.lines import LinesDecoder, is_lines
from corral.server.v1.places import places_of
from corral.server.v1.problems import bad_body, without_place


class RequestDecoder:
    """Made once per operation. Query parameters in `ignored` are not looked at."""

    def __init__(self, operation: Operation, ignored: Set[str] = frozenset()) -> None:
        self._type = operation.request
        places = places_of(operation)
        self._path = places.path
        self._query = places.query
        self._headers = places.headers
        self._whole = places.whole
        self._ignored = ignored
        self._body = None if places.body is None else msgspec.json.Decoder(places.body)
        self._lines = LinesDecoder(operation.lines) if operation.lines and places.whole else None
        self._required = [(name, field.name) for name, field in places.query.items() if field.required]

    def decode(self, request: Request, params: list[str]) -> Any:
        """Raises `BadField`, with a pointer to what is wrong."""
        values = self._from_path(params)
        if request.query:
            values.update(self._from_query(request.query))
        if self._body is not None:
            values.update(self._from_body(request))
        for header, field in self._headers.items():
            if field.name not in values and header in request.headers:
                values[field.name] = _converted(request.headers[header], field, header)
        for parameter, name in self._required:
            if name not in values:
                raise BadField(FieldProblem(f"The parameter {parameter} is required", parameter=parameter))
        return self._type(**values)

    def _from_path(self, params: list[str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for (name, field), raw in zip(self._path.items(), params, strict=True):
            try:
                text = decode_segment(raw)
            except InvalidInput as error:
                raise BadField(FieldProblem(str(error), parameter=name)) from None
            values[name] = _converted(text, field, name)
        return values

    def _from_query(self, query: str) -> dict[str, Any]:
        given = parse_qs(query, keep_blank_values=True)
        given = {name: values for name, values in given.items() if name not in self._ignored}
        unknown = given.keys() - self._query.keys()
        if unknown:
            name = min(unknown)
            raise BadField(FieldProblem(f"Unknown parameter {name}", parameter=name))
        return {self._query[name].name: _parameter(self._query[name], values) for name, values in given.items()}

    def _from_body(self, request: Request) -> Mapping[str, Any]:
        assert self._body is not None
        body = request.body
        _check_text(body)
        if self._lines is not None and is_lines(request):
            assert self._whole is not None
            return {self._whole: self._lines.decode(body)}
        try:
            found = self._body.decode(body or b"{}" if self._whole is None else body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise bad_body(error) from None
        if self._whole is not None:
            return {self._whole: found}
        return msgspec.structs.asdict(found)


def takes_many(kind: Any) -> bool:
    """Whether a parameter of the type is a list, repeated or separated by commas."""
    bare = kind.__origin__ if get_origin(kind) is Annotated else kind
    return get_origin(bare) in (list, tuple, set, frozenset)


def _parameter(field: FieldInfo, values: list[str]) -> Any:
    if takes_many(field.type):
        many = [part for value in values for part in value.split(",") if part]
        return _converted(many, field, field.encode_name)
    return _converted(values[0], field, field.encode_name)


def _converted(value: Any, field: FieldInfo, name: str) -> Any:
    try:
        return msgspec.convert(value, _as_text(field.type), strict=False)
    except msgspec.ValidationError as error:
        raise BadField(FieldProblem(without_place(str(error)), parameter=name)) from None


@cache
def _as_text(kind: Any) -> Any:
    """The type without null, which text is not: `?name=null` is a name."""
    members = [member for member in get_args(kind) if member is not NoneType]
    return Union[tuple(members)] if get_origin(kind) in (Union, UnionType) else kind  # noqa: UP007


def _check_text(body: bytes) -> None:
    try:
        check_raw(body)
    except InvalidInput as error:
        raise BadField.at("", error) from None
