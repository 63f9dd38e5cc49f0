"""A lock file: held through an open file, so the kernel frees it however its holder ends."""

import fcntl
import os
from pathlib import Path
from typing import Self


class FileLock:
    """A `flock` that is held. A process that inherits `fd` holds it too, until the last of them is gone.

    The file stays behind on purpose: removing it would let two holders lock two files of one name.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """The lock, or None at once while somebody else holds it."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        return cls(fd)

    def note(self, text: str) -> None:
        """Leave a word in the file for those who find it locked."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, text.encode(), 0)

    def release(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
