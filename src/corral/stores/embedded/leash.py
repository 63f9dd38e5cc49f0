"""Becomes the engine, tied to the life of the corral that started it.

Run as a program of its own (`python -I -S leash.py OWNER MODE LOCK_FD SERVER ARGUMENT...`), so that nothing
has to happen between fork and exec in a process with threads. It imports nothing of corral: it must start in
milliseconds.

Standard input is a pipe that only the owner holds open. On Linux the kernel sends SIGTERM when the owner is
gone (prctl(2), PR_SET_PDEATHSIG; strictly: when the thread that started us is gone). Elsewhere a small
process watches the pipe and does the same.
"""

import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 1.0


def main(owner: int, mode: str, lock_fd: int, command: list[str]) -> None:
    if mode == "pipe" or not die_with_owner():
        watch_the_pipe(lock_fd)
    if os.getppid() != owner:
        sys.exit("the owner was gone before the engine could start")
    os.execv(command[0], command)


def die_with_owner() -> bool:
    """Whether the kernel took the order."""
    if sys.platform != "linux":
        return False
    try:
        import ctypes

        refused: int = ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        return not refused
    except (ImportError, OSError, AttributeError):
        return False


def watch_the_pipe(lock_fd: int) -> None:
    """Leave a child behind that ends its parent, the engine to be, once nobody holds the pipe any more."""
    engine = os.getpid()
    if os.fork() != 0:
        return
    # The lock says that an engine lives: it must not outlive the engine in this process.
    os.close(lock_fd)
    while os.getppid() == engine:
        readable, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if readable and not os.read(0, 1):
            os.kill(engine, signal.SIGTERM)
            break
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:])
