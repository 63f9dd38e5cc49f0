"""Group commit: what is asked for while statements are under way goes out together with the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_LANES = 2  # statements under way at once
_WORTH = 16  # items for which a second statement is sent while the first is under way
_MOST = 500  # items in one statement


class Gather(Generic[Item, Answer]):
    """Hands items to `send` in batches; it answers each, or with an error in its place.

    The first of an idle moment leave at the end of their loop tick.
    """

    def __init__(self, send: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]]) -> None:
        self._send = send
        self._pending: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._called = False

    def ask(self, item: Item) -> "asyncio.Future[Answer]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._pending.append((item, answer))
        if not self._called and self._is_worth():
            self._called = True
            loop.call_soon(self._flush)
        return answer

    @property
    def is_idle(self) -> bool:
        return not self._pending and not self._under_way

    def _is_worth(self) -> bool:
        under_way = len(self._under_way)
        return not under_way or (under_way < _LANES and len(self._pending) >= _WORTH)

    def _flush(self) -> None:
        self._called = False
        while self._pending and self._is_worth():
            batch, self._pending = self._pending[:_MOST], self._pending[_MOST:]
            task = asyncio.get_running_loop().create_task(self._settle(batch))
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._flush()

    async def _settle(self, batch: "list[tuple[Item, asyncio.Future[Answer]]]") -> None:
        try:
            answers = await self._send([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, everybody in the batch must hear of it
            answers = [error] * len(batch)
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if waiting.done():
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
