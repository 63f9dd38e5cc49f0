"""Which field of an operation's request comes from where: the path, the query, a header or the body."""

from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from corral.operations.operation import Operation

_NO_BODY = frozenset({"GET", "DELETE"})


class Places(msgspec.Struct, frozen=True):
    """`query` and `headers` go by the name that is sent. `body` is the type of the body, None: there is none."""

    path: dict[str, FieldInfo]
    query: dict[str, FieldInfo]
    headers: dict[str, FieldInfo]
    body: Any = None
    whole: str | None = None
    """The field that is the whole body."""

    @property
    def needs_body(self) -> bool:
        """Whether an empty body will not do."""
        return self.whole is not None or any(field.required for field in msgspec.structs.fields(self.body))


def places_of(operation: Operation) -> Places:
    """Made from the row alone, so that what is decoded is what is documented."""
    fields = {field.name: field for field in msgspec.structs.fields(operation.request)}
    rest = [name for name in fields if name not in operation.path_fields]
    in_query = set(operation.query)
    if operation.method in _NO_BODY:
        in_query.update(name for name in rest if name not in operation.headers)
    members = [fields[name] for name in rest if name not in in_query and name not in operation.headers]
    return Places(
        path={name: fields[name] for name in operation.path_fields},
        query={fields[name].encode_name: fields[name] for name in rest if name in in_query},
        headers={header: fields[name] for name, header in operation.headers.items()},
        body=_body(operation, members),
        whole=operation.body,
    )


def _body(operation: Operation, members: list[FieldInfo]) -> Any:
    if operation.body is not None:
        return next(field.type for field in members if field.name == operation.body)
    if not members:
        return None
    described = [(field.name, field.type, _same_default(field)) for field in members]
    return msgspec.defstruct(
        operation.request.__name__,
        described,
        kw_only=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": operation.request.__doc__},
    )


def _same_default(field: FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(name=field.encode_name, default_factory=field.default_factory)
    if field.default is not msgspec.NODEFAULT:
        return msgspec.field(name=field.encode_name, default=field.default)
    return msgspec.field(name=field.encode_name)
