"""Job definitions: what a job is called, how it is enqueued, and the function that does it."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, Unpack, overload

from corral.library.context import Context
from corral.library.enqueueing import Enqueueing
from corral.library.naming import check_name
from corral.library.options import RepeatCron, RepeatSecs, RunOptions, Terms
from corral.library.payloads import Codec
from corral.library.signatures import AsyncWork, SyncWork, signature_of
from corral.model.errors import InvalidInput

P = TypeVar("P")
R = TypeVar("R")


class AnyDecorator(Protocol):
    """Makes a definition of a function with any payload."""

    @overload
    def __call__(self, function: AsyncWork[P, R], /) -> "JobDefinition[P, R]": ...
    @overload
    def __call__(self, function: SyncWork[P, R], /) -> "JobDefinition[P, R]": ...


class RepeatDecorator(Protocol):
    """Makes a definition of a function whose payload is None."""

    @overload
    def __call__(self, function: AsyncWork[None, R], /) -> "JobDefinition[None, R]": ...
    @overload
    def __call__(self, function: SyncWork[None, R], /) -> "JobDefinition[None, R]": ...


class JobDefinition(Enqueueing[P, R]):
    """One kind of job. Its payload and result have the types that the work function is annotated with: a dataclass,
    a msgspec Struct, a pydantic model, a TypedDict, or anything else that has a form in JSON.

    Raises `InvalidInput` for options that cannot be, `TypeError` for a function that cannot be.
    """

    @overload
    def __init__(
        self: "JobDefinition[None, R]",
        *,
        name: str,
        context: Context,
        work_function: AsyncWork[None, R],
        **options: Unpack[RepeatSecs],
    ) -> None: ...
    @overload
    def __init__(
        self: "JobDefinition[None, R]",
        *,
        name: str,
        context: Context,
        work_function: AsyncWork[None, R],
        **options: Unpack[RepeatCron],
    ) -> None: ...
    @overload
    def __init__(
        self: "JobDefinition[P, R]",
        *,
        name: str,
        context: Context,
        work_function: AsyncWork[P, R],
        **options: Unpack[RunOptions[P]],
    ) -> None: ...
    @overload
    def __init__(
        self: "JobDefinition[None, R]",
        *,
        name: str,
        context: Context,
        work_function: SyncWork[None, R],
        **options: Unpack[RepeatSecs],
    ) -> None: ...
    @overload
    def __init__(
        self: "JobDefinition[None, R]",
        *,
        name: str,
        context: Context,
        work_function: SyncWork[None, R],
        **options: Unpack[RepeatCron],
    ) -> None: ...
    @overload
    def __init__(
        self: "JobDefinition[P, R]",
        *,
        name: str,
        context: Context,
        work_function: SyncWork[P, R],
        **options: Unpack[RunOptions[P]],
    ) -> None: ...

    def __init__(self, *, name: str, context: Context, work_function: Callable[..., Any], **options: Any) -> None:
        check_name(name)
        self.name = name
        self.context = context
        self.work_function = work_function
        self.signature = signature_of(work_function)
        self.terms = Terms(**options)
        self.terms.check(name)
        self.payload = Codec(self.signature.payload, f"The payload of {name}")
        self.result = Codec(self.signature.result, f"The result of {name}")
        if self.terms.executor == "process" and (self.signature.is_async or self.signature.wants_metadata):
            raise InvalidInput("A work function for the process pool is sync and takes the payload alone")
        context.made.append(self)

    @overload
    @classmethod
    def decorator(cls, context: Context, name: str | None = None, **options: Unpack[RepeatSecs]) -> RepeatDecorator: ...
    @overload
    @classmethod
    def decorator(cls, context: Context, name: str | None = None, **options: Unpack[RepeatCron]) -> RepeatDecorator: ...
    @overload
    @classmethod
    def decorator(
        cls, context: Context, name: str | None = None, **options: Unpack[RunOptions[Any]]
    ) -> AnyDecorator: ...

    @classmethod
    def decorator(cls, context: Context, name: str | None = None, **options: Any) -> Any:
        """Put above a work function, it turns it into a definition; its name is the function's unless given."""

        def decorate(function: Callable[..., Any]) -> "JobDefinition[Any, Any]":
            return cls(name=name or function.__name__, context=context, work_function=function, **options)

        return decorate
