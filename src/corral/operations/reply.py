"""What an operation returns when its result alone does not say it all."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec


class Reply(msgspec.Struct, frozen=True):
    """Over HTTP `status` stands in for the operation's own; `location` and `etag` go into the headers of those names.

    On a socket it is the value alone.
    """

    value: Any
    status: int
    location: str | None = None
    etag: str | None = None
    """In place of one made of the body."""
    undelivered: Callable[[], None] | None = None
    """Called when the client had gone before it could be answered."""


class Stream(msgspec.Struct, frozen=True):
    """A result that goes on until the client leaves: items with an `id` and an `event`."""

    items: AsyncIterator[Any]
