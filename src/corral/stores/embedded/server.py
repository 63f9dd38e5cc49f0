"""Starting the server process: its command line and its ties to us."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corral.stores.embedded.allocator import allocator_settings
from corral.stores.embedded.binary import find_binary
from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.lock import FileLock

Durability = Literal["aof", "fsync"]
"""`aof`: a power cut may cost the last second of acknowledged writes; `fsync`: none, at a price per write."""

APPENDFSYNC: dict[Durability, str] = {"aof": "everysec", "fsync": "always"}
LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True)
class ServerSettings:
    """`port` opens TCP on 127.0.0.1 beside the socket. `leash` is for tests: `auto` is right everywhere."""

    durability: Durability = "aof"
    port: int | None = None
    leash: Literal["auto", "pipe"] = "auto"


def spawn(folder: DataFolder, settings: ServerSettings, server_lock: FileLock) -> subprocess.Popen[bytes]:
    """Start the server; it takes `server_lock` over from us. It ends when the calling *thread* does (Linux).

    Returns at once. Raises StoreUnavailable without a program for this platform, OSError when it cannot run.
    """
    with server_lock, folder.open_log() as log:
        leash = [str(LEASH), str(os.getpid()), settings.leash, str(server_lock.fd)]
        return subprocess.Popen(
            [sys.executable, "-I", "-S", *leash, str(find_binary()), *arguments(folder, settings)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder.server_dir,
            env=allocator_settings() | os.environ,
            pass_fds=(server_lock.fd,),
            start_new_session=True,
        )


def arguments(folder: DataFolder, settings: ServerSettings) -> list[str]:
    options = {
        "port": str(settings.port or 0),
        "bind": "127.0.0.1",
        "unixsocket": folder.socket_path,
        "unixsocketperm": "700",
        "daemonize": "no",
        "dir": str(folder.server_dir),
        "logfile": str(folder.log_path),
        "appendonly": "yes",
        "appendfsync": APPENDFSYNC[settings.durability],
        "aof-load-truncated": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
