"""The embedded engine: one Valkey server per data folder, owned by one corral, shared by all that use it.

Who holds `engine.lock` owns the server: starts it, starts it again when it dies, ends it. Everybody else
attaches to it, and takes over when the owner goes. The server holds `server.lock` for as long as it lives, so
no second one starts beside it. See `leash.py` for what ties the server's life to its owner's.
"""

import asyncio
from pathlib import Path
from typing import Self

from corral.model.errors import StoreUnavailable
from corral.stores.embedded.events import OnEvent, Progress, ignore
from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.lock import FileLock
from corral.stores.embedded.probe import probe
from corral.stores.embedded.server import Durability, ServerSettings
from corral.stores.embedded.supervise import SupervisedServer

POLL_SECONDS = 0.05


class EmbeddedEngine:
    """The server for `data_dir`. `port` opens TCP on 127.0.0.1 beside the socket, for workers in other
    languages; it counts only where the server is ours.

    Belongs to one event loop; the thread that runs it must live as long as the engine. `on_event` is called
    on the loop, see `events`.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        durability: Durability = "aof",
        port: int | None = None,
        on_event: OnEvent = ignore,
    ) -> None:
        self._folder = DataFolder.at(data_dir)
        self._settings = ServerSettings(durability, port)
        self._on_event = on_event
        self._owner_lock: FileLock | None = None
        self._server: SupervisedServer | None = None
        self._attached_pid: int | None = None
        self._arrival: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def socket_path(self) -> str:
        """Where the server listens, final once `start` has returned."""
        return self._folder.socket_path

    @property
    def owned(self) -> bool:
        """Whether the server is ours to start and to end."""
        return self._server is not None

    @property
    def pid(self) -> int | None:
        """The server process; None before there is one, and while ours is away."""
        return self._server.pid if self._server is not None else self._attached_pid

    async def start(self) -> None:
        """Returns when the server does work, ours or the one of the corral that owns the folder.

        Waits without a limit while it reads its data back. Raises StoreUnavailable when it cannot be started;
        nothing is left running then, nor when the call is cancelled.
        """
        self._closed = False
        try:
            await self.ensure()
        except BaseException:
            await self.stop()
            raise

    async def ensure(self) -> None:
        """To be called when the connection is lost: returns when a server does work, having taken over from
        an owner that is gone. Any number of callers may wait at once; each sets its own limit.

        Raises StoreUnavailable when a server of our own cannot be started, and after `stop`.
        """
        while True:
            if not self.owned:
                await self._find_or_own()
            if self._closed:
                raise StoreUnavailable("The built-in engine was stopped.")
            state = await asyncio.to_thread(probe, self._folder.socket_path)
            if state is not None and not state.loading:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """End the server if it is ours, and give the folder free. May be called twice."""
        self._closed = True
        if self._arrival is not None:
            self._arrival.cancel()
            await asyncio.gather(self._arrival, return_exceptions=True)
        if self._server is not None:
            await self._server.stop()
            self._server = None
        if self._owner_lock is not None:
            self._owner_lock.release()
            self._owner_lock = None
        self._attached_pid = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _find_or_own(self) -> None:
        """All callers wait for one search, which goes on when one of them gives up."""
        if self._closed:
            return
        if self._arrival is None or self._arrival.done():
            self._arrival = asyncio.create_task(self._arrive())
        arrival = self._arrival
        await asyncio.wait([arrival])
        if arrival.cancelled():
            return
        try:
            arrival.result()
        except OSError as error:
            raise StoreUnavailable(f"The engine in {self._folder.path} cannot be started: {error}") from error

    async def _arrive(self) -> None:
        self._folder.create()
        clock = asyncio.get_running_loop().time
        began, progress = clock(), Progress(self._on_event, clock)
        while (lock := FileLock.take(self._folder.owner_lock)) is None:
            self._folder = self._folder.with_noted_socket()
            state = await asyncio.to_thread(probe, self._folder.socket_path)
            if state is None:
                progress.tell("waiting", {"seconds": clock() - began})
            elif state.loading:
                progress.tell_loading(state)
            else:
                self._attach(state.pid)
                return
            await asyncio.sleep(POLL_SECONDS)
        await self._own(lock)

    def _attach(self, pid: int) -> None:
        if self._attached_pid != pid:
            self._attached_pid = pid
            self._on_event("attached", {"pid": pid})

    async def _own(self, lock: FileLock) -> None:
        server = SupervisedServer(self._folder, self._settings, self._on_event)
        try:
            lock.note(self._folder.socket_path)
            await server.start()
        except BaseException:
            await server.stop()
            lock.release()
            raise
        self._owner_lock, self._server = lock, server
