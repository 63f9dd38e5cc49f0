"""Several server processes on one port: started, watched, started again when they die, and stopped together.

Each child listens by itself with SO_REUSEPORT, so that the kernel spreads the connections evenly; processes
that accept from one shared socket leave most connections to whoever wakes first. The parent serves nothing.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

from corral.observe import log
from corral.server.http.listen import listen
from corral.wiring.child import READY, packed
from corral.wiring.run import MARGIN_SECONDS, CannotServe
from corral.wiring.settings import Settings

CHILD = (sys.executable, "-P", "-m", "corral.wiring.child")
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
HEALTHY_SECONDS = 10.0
TRIES_BEFORE_READY = 5


async def serve_children(
    settings: Settings,
    engine_address: str | None = None,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[int], None],
    command: Sequence[str] = CHILD,
) -> None:
    """Run `settings.processes` children until `stop` is set and all have ended.

    `engine_address` is the unix socket of the embedded engine, when the caller owns one. `on_ready` gets the
    port once every child serves. Raises OSError when the port is taken, `CannotServe` when no child gets up.
    """
    port = _free_port(settings)
    crew = [
        _Child(_child_settings(settings, index, port, engine_address), command) for index in range(settings.processes)
    ]
    async with asyncio.TaskGroup() as tasks:
        for child in crew:
            tasks.create_task(child.keep_running(stop))
        announcing = tasks.create_task(_announce(crew, lambda: on_ready(port)))
        await stop.wait()
        announcing.cancel()
    for child in crew:
        child.raise_failure()


def _free_port(settings: Settings) -> int:
    """Listen alone for a moment: with SO_REUSEPORT another corral on the port would go unnoticed."""
    sockets = listen(settings.bind_host, settings.port)
    port: int = sockets[0].getsockname()[1]
    for sock in sockets:
        sock.close()
    return port


def _child_settings(settings: Settings, index: int, port: int, engine_address: str | None) -> Settings:
    own = replace(settings, child=index, port=port)
    return own if engine_address is None else replace(own, redis_socket=engine_address)


async def _announce(crew: "Sequence[_Child]", on_ready: Callable[[], None]) -> None:
    for child in crew:
        await child.ready.wait()
    on_ready()


class _Child:
    def __init__(self, settings: Settings, command: Sequence[str]) -> None:
        self.ready = asyncio.Event()
        self._settings = settings
        self._command = command
        self._index = settings.child or 0
        self._failure: CannotServe | None = None

    def raise_failure(self) -> None:
        if self._failure:
            raise self._failure

    async def keep_running(self, stop: asyncio.Event) -> None:
        """Start the process again whenever it ends, until `stop`; sets `stop` when it never gets up."""
        clock = asyncio.get_running_loop().time
        wait, tries = FIRST_WAIT, 0
        while not stop.is_set():
            began = clock()
            pid, code = await self._run_once(stop)
            if stop.is_set():
                return
            tries += 1
            if tries >= TRIES_BEFORE_READY and not self.ready.is_set():
                self._failure = CannotServe(f"server process {self._index} ended {tries} times before it served")
                stop.set()
                return
            wait = FIRST_WAIT if clock() - began >= HEALTHY_SECONDS else wait
            log.child_died(self._index, pid, code, wait)
            await _at_most(stop.wait(), wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _run_once(self, stop: asyncio.Event) -> tuple[int, int]:
        """One life of the process: its pid and exit code."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                ours.sendall(packed(self._settings))
                process = await self._spawn(theirs.fileno())
            log.child_started(self._index, process.pid)
            hearing = asyncio.create_task(self._hear(ours))
            stopping = asyncio.create_task(stop.wait())
            ended = asyncio.create_task(process.wait())
            try:
                await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
                if not ended.done():
                    await self._end(process, ended)
            finally:
                hearing.cancel()
                stopping.cancel()
                if not ended.done():
                    process.kill()
                    await asyncio.wait([ended])
            return process.pid, ended.result()

    async def _spawn(self, descriptor: int) -> asyncio.subprocess.Process:
        """In a session of its own: Ctrl-C then reaches the parent alone, which passes it on once."""
        return await asyncio.create_subprocess_exec(
            *self._command,
            str(descriptor),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(descriptor,),
            start_new_session=True,
        )

    async def _hear(self, line: socket.socket) -> None:
        line.setblocking(False)
        if await asyncio.get_running_loop().sock_recv(line, 1) == READY:
            self.ready.set()

    async def _end(self, process: asyncio.subprocess.Process, ended: "asyncio.Task[int]") -> None:
        limit = self._settings.shutdown_timeout + MARGIN_SECONDS
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await asyncio.wait([ended], timeout=limit)
        if not ended.done():
            log.child_killed(self._index, process.pid, limit)
            process.kill()
            await ended


async def _at_most(event: Coroutine[object, object, object], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event, seconds)
