"""How a setting is given: by environment variables, and by a flag."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Variable:
    """How a setting is given: its environment variables (the first leads), its flag, its parser."""

    names: tuple[str, ...]
    parse: Callable[[str], Any]
    help: str
    group: str
    flag: str | None = None
    secret: bool = False
    is_switch: bool = False
    """The flag alone switches it on; others are followed by a value."""


def settings_of(group: str) -> Callable[..., Any]:
    """Makes the fields of one group: by variable, parser, default and help, and what else a `Variable` has."""

    def setting(name: str, parser: Callable[[str], Any], default: Any, help: str, **more: Any) -> Any:
        names = (name, *more.pop("also", ()))
        return field(default=default, metadata={"variable": Variable(names, parser, help, group, **more)})

    return setting
