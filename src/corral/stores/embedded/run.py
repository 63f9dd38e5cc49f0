"""One run of the server process, from its start to its end, as the event loop sees it."""

import asyncio
import contextlib
import subprocess
import threading
from collections.abc import Callable

from corral.model.errors import StoreUnavailable
from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.lock import FileLock
from corral.stores.embedded.probe import ServerState, probe
from corral.stores.embedded.server import ServerSettings, spawn

POLL_SECONDS = 0.01
STOP_SECONDS = 3.0
"""How long a server may take to write everything down before it is killed. It has to fit into the margin that
stopping corral has beyond its jobs; what the server has acknowledged and not written by then, it could not write."""


class ServerRun:
    """A server that was started here. It may end at any time; `exited` tells."""

    def __init__(self, process: subprocess.Popen[bytes], folder: DataFolder) -> None:
        self.pid = process.pid
        self.began = asyncio.get_running_loop().time()
        self._exit = watch_exit(process)
        self._process = process
        self._folder = folder

    @classmethod
    def begin(cls, folder: DataFolder, settings: ServerSettings, server_lock: FileLock) -> "ServerRun":
        """Start the server from the loop's own thread, whose end would be the server's end too."""
        return cls(spawn(folder, settings, server_lock), folder)

    async def exited(self) -> int:
        """Waits, without a limit, for the process to end; gives its exit code, negative for a signal."""
        return await asyncio.shield(self._exit)

    async def ready(self, on_loading: Callable[[ServerState], None]) -> None:
        """Returns when the server does work. Without a limit: reading a large file back takes its time.

        Raises StoreUnavailable, with the end of the server's log, when it gives up instead.
        """
        while not self._exit.done():
            state = await asyncio.to_thread(probe, self._folder.socket_path)
            if state is not None and state.pid == self.pid:
                if not state.loading:
                    return
                on_loading(state)
            await asyncio.sleep(POLL_SECONDS)
        raise StoreUnavailable(
            f"The built-in engine ended at its start (exit code {self._exit.result()}). "
            f"The end of {self._folder.log_path}:\n{self._folder.log_tail()}"
        )

    async def stop(self) -> None:
        """End the server: SIGTERM, then SIGKILL after 3 s, or at once when we are cancelled meanwhile."""
        self._process.terminate()
        try:
            await asyncio.wait([self._exit], timeout=STOP_SECONDS)
        finally:
            self._process.kill()
        await self.exited()


def watch_exit(process: subprocess.Popen[bytes]) -> asyncio.Future[int]:
    """A thread of our own: it works the same on every event loop and in every thread, unlike SIGCHLD."""
    loop = asyncio.get_running_loop()
    exited: asyncio.Future[int] = loop.create_future()

    def settle(code: int) -> None:
        if not exited.done():
            exited.set_result(code)

    def wait() -> None:
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(RuntimeError):  # the loop has ended before the server
            loop.call_soon_threadsafe(settle, code)

    threading.Thread(target=wait, name="corral-engine-exit", daemon=True).start()
    return exited
