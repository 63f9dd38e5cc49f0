"""Throw-away engines for tests: real servers that a test may kill, freeze and start again."""

import contextlib
import secrets
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.lock import FileLock
from corral.stores.embedded.probe import ServerState, probe, shut_down
from corral.stores.embedded.server import Durability, ServerSettings, spawn
from corral.testing.waiting import until_blocking

_UNASSIGNED = range(20_000, 32_768)  # systems choose above: Linux from here on, others from 49152
START_SECONDS = 30.0
STOP_SECONDS = 20.0


class RunningEngine:
    """One server. Nobody starts it again but the test. It ends with the thread that started it.

    All methods block, seldom for more than 100 ms, and suit sync and async tests alike. `port` is TCP on
    127.0.0.1, None without; it stays the same through `restart`.
    """

    def __init__(self, folder: DataFolder, settings: ServerSettings) -> None:
        self.data_dir = folder.path
        self.socket_path = folder.socket_path
        self.port = settings.port
        self._folder = folder
        self._settings = settings
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        """What goes into REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}" if self.port else f"unix://{self.socket_path}"

    def kill(self) -> None:
        """SIGKILL: connections drop at once, no word is written down any more."""
        self._process.kill()
        self._wait()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers, as behind a silent network."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it if it still runs, and start it on the same data, socket and port."""
        self.stop()
        self._process = self._spawn()

    def stop(self) -> None:
        """End it in good order. May be called twice, and on a killed or frozen engine."""
        if self._process.poll() is None:
            self.thaw()
            shut_down(self.socket_path)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self) -> subprocess.Popen[bytes]:
        lock = until_blocking(lambda: FileLock.take(self._folder.server_lock), STOP_SECONDS)
        assert lock is not None
        process = spawn(self._folder, self._settings, lock)
        try:
            until_blocking(lambda: self._is_up(process), START_SECONDS)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        return process

    def _is_up(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"the engine ended at its start:\n{self._folder.log_tail()}")
        match probe(self.socket_path):
            case ServerState(pid=process.pid, loading=False):
                return True
            case _:
                return False

    def _wait(self) -> None:
        self._process.communicate(timeout=STOP_SECONDS)


def start_engine(tmp_dir: Path | str, *, tcp: bool = False, durability: Durability = "aof") -> RunningEngine:
    """An engine on the folder `tmp_dir`, ready for work; with `tcp`, on a free port of 127.0.0.1 as well."""
    folder = DataFolder.at(tmp_dir)
    folder.create()
    return RunningEngine(folder, ServerSettings(durability, free_port() if tcp else None))


def is_vacant(data_dir: Path | str) -> bool:
    """Whether no server process works on the folder: each holds a lock as long as it lives."""
    lock = FileLock.take(DataFolder.at(data_dir).server_lock)
    if lock is None:
        return False
    lock.release()
    return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago, and that nobody is given who asks for any port."""
    while True:
        port = secrets.choice(_UNASSIGNED)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
