"""A Valkey process for the tests of connections."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from corral.stores.embedded.binary import find_binary


class Engine:
    """A Valkey process on a unix socket, without persistence unless asked."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="corral-"))
        self.socket = str(self.folder / "s")
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str, until: str = "Ready to accept connections") -> None:
        """Returns when the log says `until`."""
        command = [str(find_binary()), "--port", "0", "--unixsocket", self.socket, "--save", ""]
        self._process = subprocess.Popen(
            [*command, "--dir", str(self.folder), *options], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if until in line:
                return
        raise AssertionError("the engine did not start")

    def stop(self) -> None:
        if self._process is not None:
            with self._process as process:
                process.send_signal(signal.SIGKILL)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)
