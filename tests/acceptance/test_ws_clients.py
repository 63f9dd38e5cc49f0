"""What the official clients of bullmq-proxy put on the wire, and what they can read (contract of version 1.5.3)."""

import asyncio
import base64
import itertools
import json
import struct
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from corral.testing.engines import free_port
from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve

DEADLINE = 30.0
FINAL = (1000, 4000)


class BunSocket:
    """The TypeScript client's socket: ids are UUIDs, `undefined` is null, an unexpected close means opening again.

    `reopen` is the pause before that; the real client takes 5 seconds.
    """

    def __init__(self, url: str, heard: Callable[["BunSocket", Any], Awaitable[None]], reopen: float = 0.05) -> None:
        self._url = url
        self._heard = heard
        self._reopen = reopen
        self._open: asyncio.Future[ClientConnection] = asyncio.get_running_loop().create_future()
        self._replies: dict[str, asyncio.Future[Any]] = {}
        self._task = asyncio.create_task(self._run())
        self.opened = 0
        self.final: int | None = None

    async def call(self, fn: str, *args: Any) -> Any:
        id = str(uuid.uuid4())
        reply = self._replies[id] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(DEADLINE):
            await self.send({"id": id, "data": {"fn": fn, "args": args}})
            data = await reply
        if "err" in data:
            raise RuntimeError(data["err"]["message"])
        return data.get("ok")

    async def send(self, message: Any) -> None:
        await (await asyncio.shield(self._open)).send(json.dumps(message))

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self.final is None:
            try:
                async with connect(self._url, proxy=None) as connection:
                    self.opened += 1
                    self._open.set_result(connection)
                    await self._read(connection)
                    code = connection.close_code
            except OSError:
                code = 1006
            if code in FINAL:
                self.final = code
            elif self._open.done():
                self._open = asyncio.get_running_loop().create_future()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._reopen):
                    await asyncio.Event().wait()

    async def _read(self, connection: ClientConnection) -> None:
        try:
            async for text in connection:
                message = json.loads(text)
                if message["id"] in self._replies:
                    self._replies.pop(message["id"]).set_result(message["data"])
                else:
                    await self._heard(self, message)
        except ConnectionClosed:
            return


@asynccontextmanager
async def bun(
    server: RunningServer, path: str, heard: Callable[[BunSocket, Any], Awaitable[None]] | None = None
) -> AsyncIterator[BunSocket]:
    async def nothing(socket: BunSocket, message: Any) -> None: ...

    separator = "&" if "?" in path else "?"
    socket = BunSocket(f"{server.ws_url}{path}{separator}token={server.token}", heard or nothing)
    try:
        yield socket
    finally:
        await socket.close()


class BunParts:
    """A queue, a worker and an events client of the queue `test`, and what the latter two were told."""

    def __init__(self) -> None:
        self.processed: list[Any] = []
        self.events: list[tuple[str, list[Any]]] = []

    async def process(self, socket: BunSocket, message: Any) -> None:
        assert message["data"]["type"] == "process"
        payload = message["data"]["payload"]
        self.processed.append({"data": payload})  # the client shows its processor a job with nothing but data
        if payload.get("broken"):
            data: Any = {"err": {"message": "broken", "stack": "Error: broken\n    at worker.ts:1"}}
        else:
            data = {"result": payload.get("answer") or None}
        await socket.send({"id": message["id"], "data": data})

    async def hear(self, socket: BunSocket, message: Any) -> None:
        self.events.append((message["data"]["event"], message["data"]["args"]))

    def args_of(self, event: str) -> list[Any]:
        return [args[0] for name, args in self.events if name == event]


async def test_p75_the_typescript_clients_queue(server: RunningServer, client: Client) -> None:
    async with bun(server, "/queues/test") as queue:
        job = await queue.call("add", "test", {"foo": "bar"}, None)
        assert (job["id"], job["name"], job["data"]) == ("1", "test", {"foo": "bar"})
        assert await queue.call("getJobCounts", "waiting", "delayed") == {"waiting": 1, "paused": 0, "delayed": 0}
        assert [one["id"] for one in await queue.call("getJobs", "waiting", None, None, None)] == ["1"]
        assert [one["id"] for one in await queue.call("getJobs", "waiting", 0, 10, True)] == ["1"]
        assert await queue.call("updateJobProgress", "1", {"half": True}) is None
        assert await queue.call("addJobLog", "1", "a row", None) == 1
        assert await queue.call("getJobLogs", "1", None, None) == {"logs": ["a row"], "count": 1}
        assert await queue.call("getWorkers") == []
        assert await queue.call("pause") is None
        assert await queue.call("resume") is None
        with pytest.raises(RuntimeError, match="Custom Id cannot be integers"):
            await queue.call("add", "test", {}, {"jobId": "1"})
    assert (await client.job("test", "1"))["progress"] == {"half": True}


async def test_p75_the_typescript_clients_worker_and_events(server: RunningServer, client: Client) -> None:
    parts = BunParts()
    async with (
        bun(server, "/queues/test/events?events=completed%2Cfailed", parts.hear) as events,
        bun(server, "/queues/test") as queue,
    ):
        await events.call("on")
        async with bun(server, "/queues/test/process/1", parts.process):
            await queue.call("add", "test", {"answer": 42}, None)
            await queue.call("add", "test", {"foo": "bar"}, None)
            await queue.call("add", "test", {"broken": True}, None)
            await until(lambda: len(parts.events) == 3)
    assert parts.processed == [{"data": {"answer": 42}}, {"data": {"foo": "bar"}}, {"data": {"broken": True}}]
    assert [args["returnvalue"] for args in parts.args_of("completed")] == [42, None]
    assert [args["failedReason"] for args in parts.args_of("failed")] == ["broken"]


async def test_p75_a_bad_token_ends_the_typescript_client(server: RunningServer) -> None:
    socket = BunSocket(f"{server.ws_url}/queues/test?token=wrong", BunParts().hear)
    assert await until(lambda: socket.final) == 4000
    assert socket.opened == 1
    await socket.close()


class GoSocket:
    """The Go client's frames: no extensions, no headers of its own, integer ids from 1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)

    async def send(self, message: str) -> None:
        payload, mask = message.encode(), b"\x37\xfa\x21\x3d"
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self._writer.write(b"\x81" + size + mask + masked)

    async def read(self) -> str:
        """The payload of the next frame: whole, text, neither masked nor compressed."""
        async with asyncio.timeout(DEADLINE):
            first, size = await self._reader.readexactly(2)
            assert first == 0x81
            assert size <= 126
            if size == 126:
                [size] = struct.unpack(">H", await self._reader.readexactly(2))
            return (await self._reader.readexactly(size)).decode()

    async def call(self, fn: str, *args: Any) -> Any:
        """`ok` of the reply. The client decodes ids as integers and errors as `{message, stack}`, or hangs."""
        id = next(self._ids)
        await self.send(json.dumps({"id": id, "data": {"fn": fn, "args": args}}, separators=(",", ":")))
        reply = json.loads(await self.read())
        assert type(reply["id"]) is int
        assert reply["id"] == id
        if "err" in reply["data"]:
            assert {name: type(value) for name, value in reply["data"]["err"].items()} == {"message": str, "stack": str}
            raise RuntimeError(reply["data"]["err"]["message"])
        return reply["data"].get("ok")


@asynccontextmanager
async def go(server: RunningServer, path: str) -> AsyncIterator[GoSocket]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    key = base64.b64encode(uuid.uuid4().bytes).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nUser-Agent: Go-http-client/1.1\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Upgrade: websocket\r\n\r\n".encode()
    )
    async with asyncio.timeout(DEADLINE):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-extensions" not in head.lower()
    try:
        yield GoSocket(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_p76_the_go_clients_queue(serve: Serve) -> None:
    server = await serve(auth_tokens=("1234",))
    async with go(server, "/queues/test?token=1234") as queue:
        job = await queue.call("add", "test", {"foo": "bar"}, None)
        assert (type(job["id"]), type(job["data"]), type(job["progress"])) == (str, dict, int)
        assert await queue.call("pause") is None
        with pytest.raises(RuntimeError, match="Custom Id cannot be integers"):
            await queue.call("add", "test", {"foo": "bar"}, {"jobId": "7"})
        with pytest.raises(RuntimeError, match="Invalid message"):
            await queue.call("add", "test")
    assert (await Client(server.port, "1234").counts("test", "waiting"))["paused"] == 1


async def test_p76_the_go_clients_worker(server: RunningServer, client: Client) -> None:
    await client.add("test", {"name": "a", "data": {"n": 1}}, {"name": "b", "data": {"n": 2}})
    async with go(server, f"/queues/test/process/1?token={server.token}") as worker:
        first = json.loads(await worker.read())
        assert (type(first["id"]), first["data"]["type"], first["data"]["payload"]) == (int, "process", {"n": 1})
        await worker.send('{"id":0,"data":{"result":"done"}}')
        assert json.loads(await worker.read())["data"]["payload"] == {"n": 2}
        await worker.send('{"id":1,"data":{"message":"no luck","stack":"main.go:1"}}')
        await until(lambda: _has_ended(client, "2"))
    assert (await client.job("test", "1"))["returnvalue"] == "done"
    assert (await client.job("test", "2"))["failedReason"] == "no luck"


async def test_p77_clients_survive_a_restart_of_the_server(serve: Serve) -> None:
    port = free_port()
    parts = BunParts()
    server = await serve(port=port)
    async with (
        bun(server, "/queues/test") as queue,
        bun(server, "/queues/test/process/1", parts.process) as worker,
        bun(server, "/queues/test/events?events=completed", parts.hear) as events,
    ):
        await events.call("on")
        await queue.call("add", "test", {"answer": 1}, None)
        await until(lambda: parts.args_of("completed"))
        await server.process.stop(1)
        server = await serve(port=port)
        await until(lambda: all(socket.opened == 2 for socket in (queue, worker, events)))
        await events.call("on")
        await queue.call("add", "test", {"answer": 2}, None)
        await until(lambda: len(parts.args_of("completed")) == 2)
        assert [args["returnvalue"] for args in parts.args_of("completed")] == [1, 2]
        assert queue.final is worker.final is events.final is None


async def _has_ended(client: Client, job_id: str) -> bool:
    return "finishedOn" in await client.job("test", job_id)
