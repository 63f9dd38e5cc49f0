"""The proxy's WebSockets from the client's side: messages as Python values, ids counted from 1."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from corral.testing.server import RunningServer

DEADLINE = 30.0


class ProxySocket:
    """One open socket. `call` is for queue and events sockets, `job` and `answer` for worker sockets."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._ids = itertools.count(1)

    async def tell(self, message: Any) -> None:
        """Send a value as JSON, text as text and bytes as a binary frame."""
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hear(self) -> Any:
        """The next message, which must be text."""
        async with asyncio.timeout(DEADLINE):
            message = await self.connection.recv()
        assert isinstance(message, str)
        return json.loads(message)

    async def ask(self, message: Any) -> Any:
        await self.tell(message)
        return await self.hear()

    async def call(self, fn: str, *args: Any) -> Any:
        """The `data` of the answer, whose id must be ours."""
        id = next(self._ids)
        answer = await self.ask({"id": id, "data": {"fn": fn, "args": list(args)}})
        assert answer.keys() == {"id", "data"}
        assert answer["id"] == id
        return answer["data"]

    async def ok(self, fn: str, *args: Any) -> Any:
        """The result of a call that must succeed; None where it has none."""
        data = await self.call(fn, *args)
        assert "err" not in data, data
        return data.get("ok")

    async def job(self) -> tuple[int, Any]:
        """The next job: its message id and its payload."""
        message = await self.hear()
        assert message["data"]["type"] == "process"
        return message["id"], message["data"]["payload"]

    async def answer(self, id: int, **data: Any) -> None:
        """Answer the job of this message id: `result=...`, `err=...`, or what else a client may say."""
        await self.tell({"id": id, "data": data})

    async def event(self) -> tuple[str, list[Any]]:
        """The next event: its name and arguments."""
        data = (await self.hear())["data"]
        return data["event"], data["args"]

    async def close_code(self) -> int | None:
        """The code that the server closes with, whatever it says before."""
        async with asyncio.timeout(DEADLINE):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed:
                return self.connection.close_code


@asynccontextmanager
async def opened(server: RunningServer, path: str, **options: Any) -> AsyncIterator[ProxySocket]:
    """A socket at the path, with the server's token unless the path has a query. `options` are those of `connect`."""
    target = path if "?" in path else f"{path}?token={server.token}"
    async with connect(server.ws_url + target, proxy=None, open_timeout=DEADLINE, **options) as connection:
        yield ProxySocket(connection)
