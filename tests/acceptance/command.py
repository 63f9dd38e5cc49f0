"""The real `corral serve` in a process of its own, its log lines at hand."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

DEADLINE = 30.0


class Command:
    """A running `corral serve`; every line it wrote is in `lines`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.lines: list[str] = []
        self._process = process
        self._news = asyncio.Condition()
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def line(self, wanted: Callable[[str], bool]) -> str:
        """The first line that is wanted, waiting for it."""
        async with asyncio.timeout(DEADLINE), self._news:
            await self._news.wait_for(lambda: any(map(wanted, self.lines)) or self._reading.done())
        found = next(filter(wanted, self.lines), None)
        assert found is not None, "\n".join(self.lines)
        return found

    async def port(self) -> int:
        """Where it listens; its log has to be JSON."""
        listening = json.loads(await self.line(lambda line: '"listening"' in line))
        port: int = listening["port"]
        return port

    @property
    def pid(self) -> int:
        return self._process.pid

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    async def exit_code(self) -> int:
        async with asyncio.timeout(DEADLINE):
            await self._reading
            return await self._process.wait()

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self.exit_code()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                self.lines.append(line.decode().rstrip())
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def corral_serve(folder: Path, **environ: str) -> AsyncIterator[Command]:
    """Run it in `folder` with these variables, on a free port unless PORT says otherwise."""
    own: dict[str, Any] = {"PATH": os.environ["PATH"], "HOST": "127.0.0.1", "PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "corral",
        "serve",
        cwd=folder,
        env={**own, **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    command = Command(process)
    try:
        yield command
    finally:
        await command.end()
