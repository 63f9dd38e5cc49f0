"""From an HTTP request to an operation's own request value."""

from collections.abc import Mapping, Set
from typing import Annotated, Any, get_origin
from urllib.parse import parse_qs

import msgspec

from corral.model.errors import BadField, FieldProblem, InvalidInput
from corral.operations.operation import Operation
from corral.policy.json_body import check_raw
from corral.policy.names import decode_segment
from corral.server.http.message import Request
from corral.server.v1.problems import bad_body

_NO_BODY = frozenset({"GET", "DELETE"})


class RequestDecoder:
    """Made once per operation: which field comes from where."""

    def __init__(self, operation: Operation, ignored: Set[str] = frozenset()) -> None:
        self._type = operation.request
        fields = {field.name: field for field in msgspec.structs.fields(operation.request)}
        self._path = operation.path_fields
        self._whole = operation.body
        self._headers = operation.headers
        self._ignored = ignored
        rest = [name for name in fields if name not in self._path]
        in_query = set(rest) if operation.method in _NO_BODY else set(operation.query)
        self._query = {fields[name].encode_name: fields[name] for name in rest if name in in_query}
        members = [fields[name] for name in rest if name not in in_query]
        self._body = self._body_decoder(members)
        self._parameters = {name: fields[name].type for name in self._path}

    def decode(self, request: Request, params: list[str]) -> Any:
        """Raises `InvalidInput`, with a pointer to the field where there is one."""
        values = self._from_path(params)
        if self._query:
            values.update(self._from_query(request.query))
        if self._body is not None:
            values.update(self._from_body(request.body))
        for name, header in self._headers.items():
            if name not in values and header in request.headers:
                values[name] = request.headers[header]
        try:
            return self._type(**values)
        except TypeError as error:
            raise InvalidInput(str(error)) from error

    def _body_decoder(self, members: list[msgspec.structs.FieldInfo]) -> "msgspec.json.Decoder[Any] | None":
        if not members:
            return None
        if self._whole is not None:
            return msgspec.json.Decoder(next(field.type for field in members if field.name == self._whole))
        described = [(field.name, field.type, _same_default(field)) for field in members]
        body = msgspec.defstruct("Body", described, kw_only=True, forbid_unknown_fields=True)
        return msgspec.json.Decoder(body)

    def _from_path(self, params: list[str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, raw in zip(self._path, params, strict=True):
            values[name] = _converted(decode_segment(raw), self._parameters[name], name)
        return values

    def _from_query(self, query: str) -> dict[str, Any]:
        given = parse_qs(query, keep_blank_values=True) if query else {}
        given = {name: values for name, values in given.items() if name not in self._ignored}
        unknown = given.keys() - self._query.keys()
        if unknown:
            name = min(unknown)
            raise BadField(FieldProblem(f"Unknown parameter {name}", parameter=name))
        return {self._query[name].name: self._parameter(name, values) for name, values in given.items()}

    def _parameter(self, name: str, values: list[str]) -> Any:
        field = self._query[name]
        if _takes_many(field.type):
            many = [part for value in values for part in value.split(",") if part]
            return _converted(many, field.type, name)
        return _converted(values[0], field.type, name)

    def _from_body(self, body: bytes) -> Mapping[str, Any]:
        assert self._body is not None
        check_raw(body)
        try:
            found = self._body.decode(body or b"{}" if self._whole is None else body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise bad_body(error) from error
        if self._whole is not None:
            return {self._whole: found}
        return msgspec.structs.asdict(found)


def _same_default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(name=field.encode_name, default_factory=field.default_factory)
    if field.default is not msgspec.NODEFAULT:
        return msgspec.field(name=field.encode_name, default=field.default)
    return msgspec.field(name=field.encode_name)


def _converted(value: Any, to: Any, name: str) -> Any:
    try:
        return msgspec.convert(value, to, strict=False)
    except msgspec.ValidationError as error:
        raise BadField(FieldProblem(str(error), parameter=name)) from error


def _takes_many(kind: Any) -> bool:
    bare = kind.__origin__ if get_origin(kind) is Annotated else kind
    return get_origin(bare) in (list, tuple, set, frozenset)
