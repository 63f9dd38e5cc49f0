"""One process from its settings to its exit code: event loop, signals, and the limit on stopping."""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from corral.model.errors import CorralError
from corral.observe import log
from corral.wiring.settings import Settings
from corral.wiring.stopping import Stop

FAREWELL_SECONDS = 2.0
"""What all parts together may take, beyond the running jobs, to tell the engine their last."""

MARGIN_SECONDS = 6.0
"""What a stop may take beyond the running jobs: the farewell, 3 s to end an engine of its own, and 1 s to spare."""

PARENT_SECONDS = 4.0
"""What the parent of several processes may take beyond theirs: the end of the engine, and 1 s to spare."""

ADDRESS_ERRORS = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)

OnReady = Callable[[int], None]
Work = Callable[[Settings, OnReady, Stop], Coroutine[Any, Any, None]]


class CannotServe(Exception):
    """The server could not start; the message is for the person who started it."""


def run(settings: Settings, work: Work, on_ready: OnReady) -> int:
    """Run `work` until a SIGTERM or SIGINT, and return the exit code.

    The first signal sets the event given to `work`, which then has `shutdown_timeout` and a margin; the
    second ends the process at once. Raises `CannotServe`.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_work(settings, work, on_ready))


async def _work(settings: Settings, work: Work, on_ready: OnReady) -> int:
    stop, ready = Stop(), asyncio.Event()
    _on_signals(stop, settings)

    def now_ready(port: int) -> None:
        _settle_memory()
        ready.set()
        on_ready(port)

    working = asyncio.create_task(work(settings, now_ready, stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ready.is_set() and not settings.is_parent:
        working.cancel()  # nothing is served yet, so nothing has to end well
    await _end(working, settings)
    log.stopped()
    return 0


def _settle_memory() -> None:
    """What is loaded by now stays; looking for cycles in it, and after each few jobs, took a sixth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


async def _end(working: "asyncio.Task[None]", settings: Settings) -> None:
    limit = settings.shutdown_timeout + MARGIN_SECONDS + (PARENT_SECONDS if settings.is_parent else 0)
    await asyncio.wait([working], timeout=limit)
    if not working.done():
        log.stop_timed_out(limit)
        os._exit(1)  # what hangs here would hang a cancellation too
    if working.cancelled():
        return
    try:
        working.result()
    except (OSError, CorralError) as error:
        raise CannotServe(_explain(error, settings)) from error


def _explain(error: Exception, settings: Settings) -> str:
    if isinstance(error, socket.gaierror) or (isinstance(error, OSError) and error.errno in ADDRESS_ERRORS):
        return f"cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}"
    return str(error)


def _on_signals(stop: Stop, settings: Settings) -> None:
    loop = asyncio.get_running_loop()

    def received(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        log.stopping(number.name, settings.shutdown_timeout)

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError):  # a loop or a thread that knows no signals
            loop.add_signal_handler(number, received, number)
