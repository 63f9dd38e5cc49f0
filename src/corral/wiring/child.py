"""One of several server processes: takes its settings from the parent, and stops when the parent is gone."""

import asyncio
import pickle
import signal
import socket
import struct
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from corral.observe import log
from corral.observe.setup import configure
from corral.server.http.listen import listen
from corral.wiring.run import CannotServe, OnReady, run
from corral.wiring.settings import Settings
from corral.wiring.stopping import Stop

LENGTH = struct.Struct(">I")
READY = b"R"

Work = Callable[[Settings, OnReady, Stop, socket.socket], Coroutine[Any, Any, None]]


async def serve_alone(settings: Settings, on_ready: OnReady, stop: Stop, sock: socket.socket) -> None:
    """Everything that one server process does."""
    from corral.wiring.process import serve

    await serve(settings, on_ready=on_ready, stop=stop, sock=sock)


def main(work: Work = serve_alone) -> None:
    """`python -m corral.wiring.child FD`, with the descriptor of the line to the parent."""
    line = socket.socket(fileno=int(sys.argv[1]))
    settings = receive(line)
    configure(settings.log_format, settings.log_level, secrets=settings.secrets)
    try:
        sys.exit(run(settings, lambda *given: _work(line, work, *given), lambda port: None))
    except CannotServe as error:
        log.cannot_serve(str(error))
        sys.exit(1)


def receive(line: socket.socket) -> Settings:
    """Settings as the parent sends them, a length and a pickle; so secrets show in no process list."""
    with line.makefile("rb") as reader:
        (length,) = LENGTH.unpack(reader.read(LENGTH.size))
        settings = pickle.loads(reader.read(length))
    if not isinstance(settings, Settings):
        raise TypeError(f"settings expected, not {type(settings).__name__}")
    return settings


def packed(settings: Settings) -> bytes:
    """What `receive` reads."""
    text = pickle.dumps(settings)
    return LENGTH.pack(len(text)) + text


async def _work(line: socket.socket, work: Work, settings: Settings, on_ready: OnReady, stop: Stop) -> None:
    line.setblocking(False)
    watch = asyncio.create_task(_stop_with_parent(line))

    def ready(port: int) -> None:
        line.send(READY)
        on_ready(port)

    try:
        await work(settings, ready, stop, _shared_socket(settings))
    finally:
        watch.cancel()


def _shared_socket(settings: Settings) -> socket.socket:
    """One of the address's sockets; IPv4 of a name that is both, as `localhost` often is."""
    found = listen(settings.bind_host, settings.port, reuse_port=True)
    found.sort(key=lambda sock: sock.family != socket.AF_INET)
    for other in found[1:]:
        other.close()
    return found[0]


async def _stop_with_parent(line: socket.socket) -> None:
    """The line ends when the parent does, however it died; a process that stops already then ends at once."""
    await asyncio.get_running_loop().sock_recv(line, 1)
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
