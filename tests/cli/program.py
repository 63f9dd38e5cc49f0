"""The program `corral` as a subprocess, in a folder and an environment of its own."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

DEADLINE = 30.0
COMMAND = (sys.executable, "-m", "corral")


def environment(**variables: str) -> dict[str, str]:
    """This environment without what would configure corral."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | variables


def corral(*arguments: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that ends by itself."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


class Serving:
    """A running `corral serve`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self.port = 0

    async def until(self, pattern: str) -> "re.Match[str]":
        """Read on until the output has the pattern."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            while not (found := re.search(pattern, self.output)):
                line = await self.process.stdout.readline()
                assert line, f"ended without {pattern!r}:\n{self.output}"
                self.output += line.decode()
        return found

    async def get(self, path: str, token: str = "", body: Any = None) -> tuple[int, bytes]:
        """GET, or POST with a body."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        return await asyncio.to_thread(_answer, request)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and read the rest of its output; the exit code."""
        assert self.process.stdout is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        async with asyncio.timeout(DEADLINE):
            self.output += (await self.process.stdout.read()).decode()
            return await self.process.wait()


def _answer(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@contextlib.asynccontextmanager
async def serving(folder: Path, *flags: str, **variables: str) -> AsyncIterator[Serving]:
    """`corral serve` on a free port, once it listens. Killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "serve", *flags,
        cwd=folder,
        env=environment(**({"PORT": "0", "CORRAL_LOG_FORMAT": "console"} | variables)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    running = Serving(process)
    try:
        found = await running.until(r"(?:listening on http://\S+:|Running BullMQ Proxy on port )(\d+)")
        running.port = int(found[1])
        yield running
    finally:
        if process.returncode is None:
            await running.end(signal.SIGKILL)
