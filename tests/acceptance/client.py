"""An HTTP client that hides nothing: what the server wrote is what a test sees."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from corral.testing.server import TOKEN
from corral.testing.waiting import until

DEADLINE = 30.0


class Reply(NamedTuple):
    """One response; header names are in lower case."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Unset:
    """No body at all, where `None` is the JSON null."""


UNSET: Final = Unset()


class Client:
    """Calls one server. Bytes and no others are sent as they are; every other body is sent as JSON."""

    def __init__(self, port: int, token: str | None = TOKEN) -> None:
        self.port = port
        self.token = token

    async def call(
        self,
        method: str,
        path: str,
        body: Any = UNSET,
        *,
        token: str | Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply; `token=None` sends no Authorization header."""
        chosen = self.token if isinstance(token, Unset) else token
        fields = {"host": f"127.0.0.1:{self.port}", "connection": "close"}
        if chosen is not None:
            fields["authorization"] = f"Bearer {chosen}"
        return await self._exchange(method, path, encoded(body), fields | dict(headers or {}))

    async def _exchange(self, method: str, path: str, body: bytes | None, fields: dict[str, str]) -> Reply:
        if body is not None:
            fields["content-length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + (body or b""))
                return await read_reply(reader, has_body=method != "HEAD")
            finally:
                writer.close()
                await writer.wait_closed()

    async def add(self, queue: str, *jobs: Any) -> list[Any]:
        """The added jobs, as the server shows them."""
        reply = await self.call("POST", f"/queues/{queue}/jobs", list(jobs))
        assert reply.status == 200, reply
        added: list[Any] = reply.json()
        return added

    async def job(self, queue: str, job_id: str) -> Any:
        reply = await self.call("GET", f"/queues/{queue}/jobs/{job_id}")
        assert reply.status == 200, reply
        return reply.json()

    async def finished(self, queue: str, job_id: str) -> Any:
        """The job, once it has completed or failed for good."""

        async def ended() -> Any:
            job = await self.job(queue, job_id)
            return job if "finishedOn" in job else None

        return await until(ended, DEADLINE)

    async def counts(self, queue: str, statuses: str = "waiting,active,completed,failed,delayed") -> Any:
        reply = await self.call("GET", f"/queues/{queue}/jobs?statuses={statuses}")
        assert reply.status == 200, reply
        return reply.json()["counts"]

    async def register(self, queue: str, url: str, *, opts: Any = None, **target: Any) -> None:
        """Make the URL the queue's worker; unless `timeout` says otherwise, its answers may take a minute."""
        body = {"queue": queue, "endpoint": {"url": url, "method": "POST", "timeout": 60_000, **target}}
        reply = await self.call("POST", "/workers", body if opts is None else body | {"opts": opts})
        assert (reply.status, reply.text) == (200, "OK")


def encoded(body: Any) -> bytes | None:
    if isinstance(body, Unset):
        return None
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def read_reply(reader: asyncio.StreamReader, *, has_body: bool = True) -> Reply:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    _, status, reason = first.split(" ", 2)
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    size = int(headers.get("content-length", "0")) if has_body else 0
    return Reply(int(status), reason, headers, await reader.readexactly(size))
