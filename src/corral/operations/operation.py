"""What an operation is: one row of the table from which routes, socket functions, OpenAPI and docs are made."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from corral.model.errors import CorralError
from corral.operations.services import Services


class Permission(StrEnum):
    """What a caller must be allowed to do; `operator` is about the whole server, and for no application."""

    READ = "read"
    ENQUEUE = "enqueue"
    WORK = "work"
    MANAGE = "manage"
    ADMIN = "admin"
    OPERATOR = "operator"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be asked for, on every surface.

    `request` is a struct: fields named in `path` come from the path, those of GET and DELETE from the query, and
    the others are members of the JSON body; when `body` names a field, the whole body is that field.
    `fn` is its name on the queue socket and `args` the fields that the arguments there fill, in order.
    """

    name: str
    method: str
    path: str
    summary: str
    request: type[msgspec.Struct]
    response: Any
    """The type of the result; `None` for 204 without a body."""
    run: Callable[[Services, Any], Awaitable[Any]]
    permission: Permission
    tag: str
    status: int = 200
    other_statuses: tuple[int, ...] = ()
    """With which it also succeeds, with the same type of result."""
    body: str | None = None
    query: tuple[str, ...] = ()
    """Fields that come from the query also where there is a body, or where a header may fill them."""
    headers: dict[str, str] = {}
    """Fields that a header of that name (in lower case) fills, unless the query may and does."""
    keyed: bool = False
    """It adds something, so over HTTP it takes an `Idempotency-Key`."""
    tagged: bool = False
    """Over HTTP the result has an `ETag`, and is not sent to whoever has it already."""
    lines: Any = None
    """The type of one item when the body, or the result, is a list that may also be JSON lines."""
    pages: Callable[[Services, Any], AsyncGenerator[Sequence[Any], None]] | None = None
    """The whole listing, not only a page, as long as the client reads on: what a GET for JSON lines is given."""
    errors: tuple[type[CorralError], ...] = ()
    fn: str | None = None
    args: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Other names of `fn`."""
    bare: str | None = None
    """The one member of the result that the socket function answers with, where BullMQ gives a bare value."""
    waits: bool = False
    """It may take as long as the caller says, so that other calls on a socket do not wait for it."""
    example: Any = None
    """A request body for the reference docs."""

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The fields that the path fills, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))
