"""Patterns for names of queues: `*` is any text, `?` one character, and all else stands for itself."""

import fnmatch
import re
from collections.abc import Callable

_WILD = re.compile(r"[*?]")


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a whole name fits. Takes time in proportion to the name, whatever the pattern."""
    expression = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
    return lambda name: expression.match(name) is not None


def literal_start(pattern: str) -> str:
    """What every name that fits begins with."""
    return _WILD.split(pattern, maxsplit=1)[0]
