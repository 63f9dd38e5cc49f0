"""Socket functions made from the table of operations: `fn` with `args` in order."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from corral.model.errors import InvalidInput
from corral.operations.operation import Operation
from corral.operations.reply import Reply
from corral.operations.services import Services
from corral.server.proxy.function import Arguments, Function

OBJECT = "*"
"""In `Operation.args`: an object whose members are fields, as BullMQ's last argument often is."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
Fields = dict[str, msgspec.structs.FieldInfo]


def functions_of(operations: Iterable[Operation]) -> dict[str, Function]:
    """A function for each operation that has a name there."""
    functions: dict[str, Function] = {}
    for one in operations:
        if one.fn is not None:
            functions |= dict.fromkeys((one.fn, *one.also), _function(one))
    return functions


def _function(operation: Operation) -> Function:
    fields: Fields = {field.name: field for field in msgspec.structs.fields(operation.request)}
    named = [fields[name] for name in operation.args if name != OBJECT]
    least = sum(1 for field in named if field.required)
    fill = [_filler(name, fields) for name in operation.args]
    has_queue = "queue" in fields

    async def run(services: Services, queue: str, args: Arguments) -> Any:
        values: dict[str, Any] = {"queue": queue} if has_queue else {}
        for put, argument in zip(fill, args, strict=False):
            put(values, argument)
        try:
            request = operation.request(**values)
        except TypeError as error:
            raise InvalidInput(str(error)) from error
        result = await operation.run(services, request)
        if isinstance(result, Reply):
            result = result.value
        return result if operation.bare is None else getattr(result, operation.bare)

    small = operation.response is None or operation.waits
    return Function(least, len(operation.args), run, small, operation.permission)


def _filler(name: str, fields: Fields) -> Callable[[dict[str, Any], msgspec.Raw], None]:
    if name == OBJECT:
        by_wire_name = {field.encode_name: field for field in fields.values() if field.encode_name != "queue"}
        return lambda values, argument: _fill_members(values, argument, by_wire_name)
    decode = msgspec.json.Decoder(fields[name].type).decode
    optional = not fields[name].required

    def fill(values: dict[str, Any], argument: msgspec.Raw) -> None:
        if not (optional and bytes(argument) == b"null"):
            values[name] = decode(argument)

    return fill


def _fill_members(values: dict[str, Any], argument: msgspec.Raw, fields: Fields) -> None:
    if bytes(argument) == b"null":
        return
    for name, member in _members(argument).items():
        field = fields.get(name)
        if field is None:
            raise InvalidInput(f"Unknown option {name}")
        values[field.name] = msgspec.json.decode(member, type=field.type)
