"""The few words spoken with the server itself, over a plain socket that lives for one question."""

import contextlib
import socket
import struct
from dataclasses import dataclass

ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class ServerState:
    """What an answering server says of itself. While `loading`, it refuses all work."""

    pid: int
    loading: bool
    percent: float
    eta_seconds: float


def probe(socket_path: str) -> ServerState | None:
    """The server's state, or None where no server answers sensibly within 2 s. Blocks: at most that long."""
    try:
        info = ask(socket_path, b"INFO server persistence\r\n")
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in info.decode(errors="replace").splitlines() if ":" in line)
    if "process_id" not in fields:
        return None
    return ServerState(
        pid=int(fields["process_id"]),
        loading=fields.get("loading") == "1",
        percent=float(fields.get("loading_loaded_perc", 100)),
        eta_seconds=float(fields.get("loading_eta_seconds", 0)),
    )


def shut_down(socket_path: str) -> None:
    """Ask the server to write everything down and go. Returns when it has heard, or is not there."""
    with contextlib.suppress(OSError):
        ask(socket_path, b"SHUTDOWN\r\n")


def listener_pid(socket_path: str) -> int | None:
    """The process that listens on the socket, even if it answers nothing; None where nobody can know."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    try:
        with connect(socket_path) as connection:
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return None
    pid: int = struct.unpack("3i", credentials)[0]
    return pid or None


def ask(socket_path: str, command: bytes) -> bytes:
    """Everything that the server answers before it closes, which QUIT makes it do."""
    with connect(socket_path) as connection:
        connection.sendall(command + b"QUIT\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def connect(socket_path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.connect(socket_path)
    except OSError:
        connection.close()
        raise
    return connection
