"""A real HTTP endpoint whose behaviour each test scripts and whose calls it can await."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

DEADLINE = 30.0


def response(body: Any = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole response. A body that is not bytes is sent as JSON and says so; `_` in header names is `-`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    if not isinstance(body, bytes):
        fields.setdefault("content-type", "application/json")
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}content-length: {len(content)}\r\n\r\n".encode("latin-1") + content


class EndpointCall:
    """One call of the endpoint. It is answered by the endpoint's script, or by the test with `respond`."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self._response: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def job(self) -> Any:
        return self.json()["job"]

    @property
    def token(self) -> str:
        token: str = self.json()["token"]
        return token

    def respond(self, answer: bytes) -> None:
        """Answer with these bytes; none at all closes the connection."""
        if not self._response.done():
            self._response.set_result(answer)

    async def answered(self) -> bytes:
        return await self._response


Script = Callable[[EndpointCall], bytes | None]
"""The answer to a call, or None to leave it to the test."""


def hold(call: EndpointCall) -> bytes | None:
    """The script that answers nothing by itself."""
    return None


class EndpointServer:
    """Every call is in `calls` when it arrives, and then answered by `script`."""

    def __init__(self, script: Script = lambda call: response({"ok": True})) -> None:
        self.script = script
        self.calls: asyncio.Queue[EndpointCall] = asyncio.Queue()
        self.seen: list[EndpointCall] = []
        self.most_at_once = 0
        self.at_once = 0
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/job"

    async def next(self) -> EndpointCall:
        """The next call, waiting for it."""
        async with asyncio.timeout(DEADLINE):
            return await self.calls.get()

    async def take(self, count: int) -> list[EndpointCall]:
        return [await self.next() for _ in range(count)]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        task.add_done_callback(lambda _: writer.transport.abort())  # also when it was cancelled before it ran

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                answer = await self._answer(await _read_call(reader))
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()

    async def _answer(self, call: EndpointCall) -> bytes:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.seen.append(call)
        self.calls.put_nowait(call)
        answer = self.script(call)
        if answer is not None:
            call.respond(answer)
        try:
            return await call.answered()
        finally:
            self.at_once -= 1


async def _read_call(reader: asyncio.StreamReader) -> EndpointCall:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return EndpointCall(method, target, headers, body)
