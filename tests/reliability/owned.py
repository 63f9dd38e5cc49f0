"""The engine that a corral has brought along, found by its data folder."""

import os
import signal
from pathlib import Path

from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.probe import probe


def engine_pid(data_dir: Path) -> int | None:
    """The engine that answers now."""
    state = probe(DataFolder.at(data_dir).socket_path)
    return state.pid if state else None


def send_signal(data_dir: Path, number: signal.Signals) -> int:
    """Returns the engine's process id."""
    pid = engine_pid(data_dir)
    assert pid is not None
    os.kill(pid, number)
    return pid
