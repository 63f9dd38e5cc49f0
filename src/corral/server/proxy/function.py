"""What a function of the queue socket is."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from corral.operations.operation import Permission
from corral.operations.services import Services

Arguments = list[msgspec.Raw]


class Function(msgspec.Struct, frozen=True):
    """How many arguments it takes, and what it does with them."""

    least: int
    most: int
    run: Callable[[Services, str, Arguments], Awaitable[Any]]
    small: bool = False
    """Its answer is hardly longer than the question, so that many may be under way."""
    permission: Permission = Permission.READ

    def accepts(self, args: Arguments) -> bool:
        return self.least <= len(args) <= self.most
