"""Where sync work functions run: in threads of the worker, or in a pool of processes for those who ask for it."""

import asyncio
import contextvars
import importlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

from corral.library.execution import Call
from corral.library.options import Executor as Kind
from corral.model.errors import InvalidInput


class Executors:
    """Pools of `size`, made when first needed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pools: dict[Kind, Executor] = {}

    def calling(self, function: Callable[..., Any], kind: Kind, is_async: bool) -> Call:
        """The function as the event loop may call it. Raises `InvalidInput` for one that no process could find."""
        if is_async:
            return function
        if kind == "process":
            return partial(self._in_process, *_place_of(function))
        return partial(self._in_thread, function)

    def close(self) -> None:
        """Let go of the pools; what still runs there has been given up."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        run = partial(contextvars.copy_context().run, function, *args)
        return await asyncio.get_running_loop().run_in_executor(self._pool("thread"), run)

    async def _in_process(self, module: str, name: str, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool("process"), _call, module, name, *args)

    def _pool(self, kind: Kind) -> Executor:
        pool = self._pools.get(kind)
        if pool is None:
            pool = self._pools[kind] = _new_pool(kind, self._size)
        return pool


def _new_pool(kind: Kind, size: int) -> Executor:
    if kind == "thread":
        return ThreadPoolExecutor(size, thread_name_prefix="corral")
    return ProcessPoolExecutor(size, mp_context=multiprocessing.get_context("spawn"))


def _place_of(function: Callable[..., Any]) -> tuple[str, str]:
    name = getattr(function, "__qualname__", "")
    if not name or "<" in name:
        raise InvalidInput(f"{function!r} cannot run in a process of its own: define it in a module")
    return function.__module__, name


def _call(module: str, name: str, payload: Any) -> Any:
    """In the other process: the name may stand for the definition that was made of the function."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return getattr(found, "work_function", found)(payload)
