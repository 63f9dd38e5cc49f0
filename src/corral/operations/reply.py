"""What an operation returns when its result alone does not say it all."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec


class Reply(msgspec.Struct, frozen=True):
    """Over HTTP `status` stands in for the operation's own, and `location` goes into the header of that name.

    On a socket it is the value alone.
    """

    value: Any
    status: int
    location: str | None = None
    undelivered: Callable[[], None] | None = None
    """Called when the client had gone before it could be answered."""


class Stream(msgspec.Struct, frozen=True):
    """A result that goes on until the client leaves: items with an `id` and an `event`."""

    items: AsyncIterator[Any]
