"""The server that is ours: started, started again whenever it dies on its own, ended with us."""

import asyncio

from corral.model.errors import StoreUnavailable
from corral.stores.embedded.events import OnEvent, Progress
from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.run import ServerRun
from corral.stores.embedded.server import ServerSettings
from corral.stores.embedded.vacate import vacate

STEADY_SECONDS = 10.0
"""A server that lived this long is started again without delay when it dies."""

RESTART_DELAYS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds before each start in a row of quick deaths; the last one repeats."""


class SupervisedServer:
    """Only for the holder of the owner lock, see `engine`."""

    def __init__(self, folder: DataFolder, settings: ServerSettings, on_event: OnEvent) -> None:
        self._folder = folder
        self._settings = settings
        self._on_event = on_event
        self._run: ServerRun | None = None
        self._restarts = 0
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """None while the server is away."""
        return self._run.pid if self._run is not None else None

    async def start(self) -> None:
        """Returns when the server does work, and keeps it so from then on.

        Raises StoreUnavailable or OSError when it cannot be started, and leaves nothing behind then.
        """
        self._supervisor = asyncio.create_task(self._supervise(await self._launch()))

    async def stop(self) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        if self._run is not None:
            await self._run.stop()
            self._on_event("stopped", {"pid": self._run.pid})
            self._run = None

    async def _launch(self) -> ServerRun:
        clock = asyncio.get_running_loop().time
        progress = Progress(self._on_event, clock)
        server_lock = await vacate(self._folder, self._on_event)
        run = ServerRun.begin(self._folder, self._settings, server_lock)
        try:
            await run.ready(progress.tell_loading)
        except BaseException:
            await run.stop()
            raise
        self._run = run
        self._on_event("started", {"pid": run.pid, "seconds": clock() - run.began})
        return run

    async def _supervise(self, run: ServerRun) -> None:
        while True:
            code = await run.exited()
            self._run = None
            self._on_event("died", {"pid": run.pid, "code": code})
            if asyncio.get_running_loop().time() - run.began > STEADY_SECONDS:
                self._restarts = 0
            run = await self._relaunch()

    async def _relaunch(self) -> ServerRun:
        while True:
            await asyncio.sleep(RESTART_DELAYS[min(self._restarts, len(RESTART_DELAYS) - 1)])
            self._restarts += 1
            try:
                return await self._launch()
            except (StoreUnavailable, OSError) as error:
                self._on_event("restart-failed", {"error": str(error)})
