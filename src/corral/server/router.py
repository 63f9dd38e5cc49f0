"""Finds the handler of a path: one dictionary look-up per segment, whatever the number of routes."""

from functools import lru_cache
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_PARAMETER = ":"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_REMEMBERED = 1024
_MEMORABLE = 256  # characters


class Router(Generic[T]):
    """Exact paths, case-sensitive, without a trailing slash; `:name` stands for one segment that is not empty."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._remembered = lru_cache(_REMEMBERED)(self._search)

    def add(self, method: str, pattern: str, target: T) -> None:
        """Raises `ValueError` for a route that is already there."""
        self._remembered.cache_clear()
        node = self._root
        for segment in pattern.split("/")[1:]:
            node = node.setdefault(_PARAMETER if segment.startswith(":") else f"/{segment}", {})
        if method in node:
            raise ValueError(f"{method} {pattern} is routed twice")
        node[method] = target

    def find(self, method: str, path: str) -> tuple[T, list[str]] | None:
        """The target and the segments that stand for parameters, still percent-encoded.

        A segment that is both fixed and a parameter is taken as fixed first: `/jobs/lookup` before `/jobs/:id`.
        The list is not the caller's own.
        """
        return self._remembered(method, path) if len(path) <= _MEMORABLE else self._search(method, path)

    def methods(self, path: str) -> list[str]:
        """Those that the path is routed for."""
        segments = path.split("/")[1:]
        return [method for method in _METHODS if _any_way(self._root, method, segments) is not None]

    def _search(self, method: str, path: str) -> tuple[T, list[str]] | None:
        node = self._root
        found: list[str] = []
        segments = path.split("/")[1:]
        for segment in segments:
            fixed = node.get(f"/{segment}")
            if fixed is None:
                fixed = node.get(_PARAMETER)
                if fixed is None or not segment:
                    return _any_way(self._root, method, segments)
                found.append(segment)
            node = fixed
        target: T | None = node.get(method)
        return _any_way(self._root, method, segments) if target is None else (target, found)


def _any_way(node: dict[str, Any], method: str, segments: list[str]) -> tuple[Any, list[str]] | None:
    """Every reading of the path, for one whose first reading led nowhere."""
    if not segments:
        return (node[method], []) if method in node else None
    segment, rest = segments[0], segments[1:]
    fixed = node.get(f"/{segment}")
    found = None if fixed is None else _any_way(fixed, method, rest)
    if found is None and segment and _PARAMETER in node:
        deeper = _any_way(node[_PARAMETER], method, rest)
        found = None if deeper is None else (deeper[0], [segment, *deeper[1]])
    return found
