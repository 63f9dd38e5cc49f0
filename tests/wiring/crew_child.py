"""A child process for `test_processes`: the real plumbing around a server that tells who it is.

`die` on a connection ends the process, `hang` makes it deaf to a graceful stop.
"""

import asyncio
import os
import socket

from corral.wiring.child import main
from corral.wiring.run import OnReady
from corral.wiring.settings import Settings


async def work(settings: Settings, on_ready: OnReady, stop: asyncio.Event, sock: socket.socket) -> None:
    stubborn = False

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal stubborn
        word = (await reader.readline()).strip()
        if word == b"die":
            os._exit(3)
        stubborn = stubborn or word == b"hang"
        writer.write(f"{settings.child} {os.getpid()} {settings.redis_socket} {settings.runs_workers}\n".encode())
        writer.close()

    server = await asyncio.start_server(answer, sock=sock)
    on_ready(sock.getsockname()[1])
    await stop.wait()
    server.close()
    if stubborn:
        await asyncio.Event().wait()


if __name__ == "__main__":
    main(work)
