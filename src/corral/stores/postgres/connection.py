"""A connection that knows Postgres's own types."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import asyncpg

_FIRST_OF_OTHERS = 16_384  # below it the numbers of types are the same on every server
_NOTHING_RAN = SimpleNamespace(name="known")
_known: dict[frozenset[int], tuple[Any, Any]] = {}


class Connection(asyncpg.Connection):
    """The driver asks in each new session what a `bigint[]` and its like are, which takes the server 10 ms; once in a
    process is enough."""

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float | None) -> tuple[Any, Any]:
        asked = frozenset(typeoids)
        if asked in _known:
            return _known[asked]
        types, statement = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc] # not in the stubs
        if max(asked) < _FIRST_OF_OTHERS:
            _known[asked] = types, _NOTHING_RAN
        return types, statement
