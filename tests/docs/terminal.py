"""A shell that pages are typed into: what one block sets or starts, the next ones find."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

DEADLINE = 30.0
_MARK = "\0"


class Terminal:
    """One `bash -e` in a folder of its own."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self._process = process
        self._errors = errors

    async def run(self, commands: str) -> str:
        """What the commands print. Fails when one of them does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{commands}\nprintf '\\0'\n".encode())
        try:
            async with asyncio.timeout(DEADLINE):
                printed = await self._process.stdout.readuntil(_MARK.encode())
        except (TimeoutError, asyncio.IncompleteReadError):
            raise AssertionError(f"this failed:\n{commands}\n{self._errors.read_text()}") from None
        return printed.decode().removesuffix(_MARK)


@asynccontextmanager
async def terminal(folder: Path, variables: Mapping[str, str]) -> AsyncIterator[Terminal]:
    """Ends with everything that was started in it. `python` and `corral` are those that run the test."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    errors = folder / "stderr"
    with errors.open("w") as file:
        process = await asyncio.create_subprocess_exec(
            "bash", "-e",
            cwd=folder,
            env={"PATH": path, "HOME": str(folder), **variables},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield Terminal(process, errors)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
