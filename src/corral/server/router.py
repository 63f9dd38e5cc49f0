"""Finds the handler of a path: one dictionary look-up per segment, whatever the number of routes."""

from typing import Any, Generic, TypeVar

T = TypeVar("T")

_PARAMETER = ":"


class Router(Generic[T]):
    """Exact paths, case-sensitive, without a trailing slash; `:name` stands for one segment that is not empty."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, method: str, pattern: str, target: T) -> None:
        """Raises `ValueError` for a route that is already there."""
        node = self._root
        for segment in pattern.split("/")[1:]:
            node = node.setdefault(_PARAMETER if segment.startswith(":") else f"/{segment}", {})
        if method in node:
            raise ValueError(f"{method} {pattern} is routed twice")
        node[method] = target

    def find(self, method: str, path: str) -> tuple[T, list[str]] | None:
        """The target and the segments that stand for parameters, still percent-encoded."""
        node = self._root
        found: list[str] = []
        for segment in path.split("/")[1:]:
            fixed = node.get(f"/{segment}")
            if fixed is None:
                fixed = node.get(_PARAMETER)
                if fixed is None or not segment:
                    return None
                found.append(segment)
            node = fixed
        target: T | None = node.get(method)
        return None if target is None else (target, found)


