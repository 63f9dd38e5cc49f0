"""The shapes of work functions, and finding out which one a function has."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from corral.library.metadata import Metadata

P = TypeVar("P")
R = TypeVar("R")

AsyncWork = Callable[[P], Awaitable[R]] | Callable[[P, Metadata], Awaitable[R]]
SyncWork = Callable[[P], R] | Callable[[P, Metadata], R]


class Signature(msgspec.Struct, frozen=True):
    """How to call a work function: the types of its payload and result, whether it is async and wants metadata."""

    payload: Any
    result: Any
    is_async: bool
    wants_metadata: bool


def signature_of(function: Callable[..., Any]) -> Signature:
    """Raises `TypeError` for a function that cannot be called so, or whose annotations cannot be read."""
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError as error:
        raise TypeError(
            f"The types of {function!r} cannot be read: {error}. Define them where its module can see them."
        ) from error
    parameters = [one for one in signature.parameters.values() if one.kind in _POSITIONAL]
    needed = [one for one in parameters if one.default is inspect.Parameter.empty]
    if not parameters or len(needed) > 2:
        raise TypeError(f"{function!r} has to take a payload, and metadata if it wants them")
    return Signature(
        payload=_annotation(parameters[0].annotation),
        result=_annotation(signature.return_annotation),
        is_async=inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(_called(function)),
        wants_metadata=len(parameters) > 1 and parameters[1] in needed,
    )


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _annotation(annotation: Any) -> Any:
    return Any if annotation is inspect.Signature.empty else annotation


def _called(function: Callable[..., Any]) -> Any:
    return getattr(function, "__call__", None)  # noqa: B004 - an object that is async when called
