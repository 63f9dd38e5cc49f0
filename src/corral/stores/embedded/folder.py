"""The files of one embedded engine: where they are, who may read them."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

SOCKET_PATH_LIMIT = 100
"""Bytes. The kernel's own limit is 104 (macOS) or 108 (Linux), with the final zero."""

LOG_LIMIT = 10_000_000
"""Bytes after which the engine's log starts afresh at the next start; one older log is kept."""


@dataclass(frozen=True)
class DataFolder:
    """A data folder and the socket that belongs to it. `path` is absolute."""

    path: Path
    socket_path: str

    @classmethod
    def at(cls, data_dir: Path | str) -> Self:
        path = Path(data_dir).expanduser().resolve()
        return cls(path, socket_path_for(path))

    @property
    def owner_lock(self) -> Path:
        """Held by the corral that owns the engine, for as long as it lives."""
        return self.path / "engine.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server process itself: who can take it knows that no server writes to the folder."""
        return self.path / "server.lock"

    @property
    def server_dir(self) -> Path:
        """The server's own working folder, with the append-only files."""
        return self.path / "engine"

    @property
    def log_path(self) -> Path:
        return self.path / "engine.log"

    def create(self) -> None:
        """Make what is missing, for this user alone. Raises OSError where that is not possible."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.server_dir.mkdir(mode=0o700, exist_ok=True)
        socket_dir = Path(self.socket_path).parent
        if socket_dir != self.path:
            make_private(socket_dir)

    def with_noted_socket(self) -> Self:
        """The same with the socket that the owner has noted: its temporary folder may differ from ours."""
        noted = self.owner_lock.read_text()
        return replace(self, socket_path=noted) if noted else self

    def open_log(self) -> BinaryIO:
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_LIMIT:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        return open(os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")

    def log_tail(self, lines: int = 5) -> str:
        """The last lines of the engine's log, for the text of an error."""
        try:
            with self.log_path.open("rb") as log:
                log.seek(-min(4096, self.log_path.stat().st_size), os.SEEK_END)
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def socket_path_for(path: Path) -> str:
    """`engine.sock` in the folder, or a short name under the temporary folder where that is too long."""
    inside = str(path / "engine.sock")
    if fits(inside):
        return inside
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:24]
    candidates = [f"{root}/corral-{os.getuid()}/{name}.sock" for root in (tempfile.gettempdir(), "/tmp")]
    return next(filter(fits, candidates), candidates[-1])


def fits(socket_path: str) -> bool:
    return len(os.fsencode(socket_path)) < SOCKET_PATH_LIMIT


def make_private(folder: Path) -> None:
    """A folder under a place that everybody may write to: refuse one that another user has put there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
