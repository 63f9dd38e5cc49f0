"""Making sure that no server works on the folder before ours does."""

import asyncio
import contextlib
import os
import signal

from corral.model.errors import StoreUnavailable
from corral.stores.embedded.events import OnEvent, Progress
from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.lock import FileLock
from corral.stores.embedded.probe import listener_pid, probe, shut_down

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 10.0
KILL_SECONDS = 10.0


async def vacate(folder: DataFolder, on_event: OnEvent, patience: float = PATIENCE_SECONDS) -> FileLock:
    """The server lock, once every server that an earlier owner left behind is gone. For the owner only.

    A leftover is asked to shut down; after `patience` seconds it is killed, where the platform says which
    process it is; 10 s later StoreUnavailable is raised. Two servers on one append-only file would ruin it.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    progress = Progress(on_event, loop.time)
    lock: FileLock | None = None
    try:
        while True:
            lock = lock or FileLock.take(folder.server_lock)
            state = await asyncio.to_thread(probe, folder.socket_path)
            if lock is not None and state is None:
                break
            waited = loop.time() - began
            progress.tell("orphan", {"pid": state.pid if state else None, "seconds": waited})
            await asyncio.to_thread(dismiss, folder, waited, patience)
            await asyncio.sleep(POLL_SECONDS)
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    return lock


def dismiss(folder: DataFolder, waited: float, patience: float) -> None:
    if waited > patience + KILL_SECONDS:
        raise StoreUnavailable(f"Another server works on {folder.path} and does not end. Stop it first.")
    if waited <= patience:
        shut_down(folder.socket_path)
    elif (pid := listener_pid(folder.socket_path)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
