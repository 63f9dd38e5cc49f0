"""Runs a coroutine without a task of its own, which would cost a tenth of a small request."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Stepped(Generic[T]):
    """Takes the first step at once, and the others as soon as what the coroutine waits for is done.

    As much of a Future as its owner needs; callbacks are called at once, not in the next tick. Inside there is
    no current task, so nothing there may use `asyncio.timeout`.
    """

    __slots__ = ("_callback", "_coroutine", "_error", "_result", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine: Coroutine[Any, Any, T] | None = coroutine
        self._callback: Callable[[Stepped[T]], None] | None = None
        self._waits_for: asyncio.Future[Any] | None = None
        self._error: BaseException | None = None
        self._result: Any = None
        self._step(None)

    def done(self) -> bool:
        return self._coroutine is None

    def cancelled(self) -> bool:
        return isinstance(self._error, asyncio.CancelledError)

    def result(self) -> T:
        """Only once it is done. Raises what the coroutine raised."""
        if self._error is not None:
            raise self._error
        result: T = self._result
        return result

    def add_done_callback(self, callback: "Callable[[Stepped[T]], None]") -> None:
        """There is room for one, and only before it is done."""
        self._callback = callback

    def cancel(self) -> None:
        if self._waits_for is not None:
            self._waits_for.cancel()

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done():
            done = asyncio.Event()
            self.add_done_callback(lambda _: done.set())
            yield from done.wait().__await__()
        return self.result()

    def _step(self, _: object) -> None:
        assert self._coroutine is not None
        try:
            waits_for = self._coroutine.send(None)
        except StopIteration as end:
            self._end(end.value, None)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - for whoever asks for the result
            self._end(None, error)
        else:
            if waits_for is None:  # asyncio.sleep(0)
                waits_for = asyncio.get_running_loop().create_future()
                waits_for.set_result(None)
            waits_for._asyncio_future_blocking = False
            self._waits_for = waits_for
            waits_for.add_done_callback(self._step)

    def _end(self, result: Any, error: BaseException | None) -> None:
        self._coroutine = self._waits_for = None
        self._result, self._error = result, error
        if self._callback is not None:
            self._callback(self)
