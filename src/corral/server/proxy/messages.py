"""What goes over the proxy's WebSockets: `{"id": ..., "data": ...}` both ways."""

from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
Id = msgspec.Raw | msgspec.UnsetType


class Command(msgspec.Struct, gc=False):
    """What a queue client asks for. Arguments stay JSON until their function reads them."""

    fn: str
    args: list[msgspec.Raw] = []


class Request(msgspec.Struct, gc=False):
    """A client's message; its id is echoed as it came."""

    data: Command
    id: Id = msgspec.UNSET


class Fault(msgspec.Struct, frozen=True):
    """An error as the official clients read it."""

    message: str
    stack: str = ""


class Result(msgspec.Struct, frozen=True):
    """The answer's content: a result, an error, or neither."""

    ok: Any = msgspec.UNSET
    err: Fault | msgspec.UnsetType = msgspec.UNSET


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer on its way to the client."""

    id: Id
    data: Result


class Pushed(msgspec.Struct, frozen=True, gc=False):
    """A message that the server begins; ids count from 0 on each socket."""

    id: int
    data: Any


class Answer(msgspec.Struct, gc=False):
    """A worker client's message."""

    id: int
    data: msgspec.Raw


request = msgspec.json.Decoder(Request).decode
answer = msgspec.json.Decoder(Answer).decode
anything = msgspec.json.Decoder().decode
encode = _encode


def ok(id: Id, result: Any) -> bytes:
    """Success; a function without a result answers an empty object."""
    return _encode(Reply(id=id, data=Result(ok=msgspec.UNSET if result is None else result)))


def failed(id: Id, message: str) -> bytes:
    """Failure, always as an object: the Go client cannot read anything else."""
    return _encode(Reply(id=id, data=Result(err=Fault(message))))
