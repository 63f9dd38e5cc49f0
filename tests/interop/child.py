"""The Node process that interop tests drive: one for all of them, started at the first use."""

import asyncio
import itertools
import json
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("node.mjs")
DEADLINE = 30.0


class NodeError(Exception):
    """What the code threw; the text is the error's message."""


class Node:
    """Runs JavaScript with BullMQ on one engine; see `node.mjs` for what the code may use."""

    def __init__(self, socket_path: str) -> None:
        command = ["node", str(SCRIPT), socket_path]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._ids = itertools.count(1)
        self._pending: dict[int, Future[Any]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    async def run(self, code: str, **args: Any) -> Any:
        """What the code returns; it runs beside the test's event loop. Raises `NodeError`."""
        id = next(self._ids)
        pending = self._pending[id] = Future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": id, "code": code, "args": args}) + "\n")
        self._process.stdin.flush()
        async with asyncio.timeout(DEADLINE):
            return await asyncio.wrap_future(pending)

    def kill(self) -> None:
        """End it as a crash would; `stop` is still to be called."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            pending = self._pending.pop(answer["id"])
            if "err" in answer:
                pending.set_exception(NodeError(answer["err"]))
            else:
                pending.set_result(answer["ok"])
