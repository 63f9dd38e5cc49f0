"""What an operation returns when the status and the place of its result depend on what happened."""

from collections.abc import Callable
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
