"""Programs of applications that call a server, and the operator who makes the applications."""

from collections.abc import Mapping
from typing import Any

from corral.testing.server import RunningServer
from tests.acceptance.client import UNSET, Client, Reply

MASTER = "master-key"


class Program:
    """Shows one key in the header for keys, or none."""

    def __init__(self, port: int, key: str | None, application: str = "", header: str = "x-api-key") -> None:
        self.port = port
        self.key = key
        self.application = application
        self.header = header
        self._client = Client(port, None)

    async def call(
        self, method: str, path: str, body: Any = UNSET, *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        shown = {} if self.key is None else {self.header: self.key}
        return await self._client.call(method, path, body, headers=shown | dict(headers or {}))

    async def ok(self, method: str, path: str, body: Any = UNSET) -> Any:
        """The JSON of an answer that must be a success."""
        reply = await self.call(method, path, body)
        assert reply.status < 300, reply
        return reply.json() if reply.body else None

    async def submit(self, queue: str, **job: Any) -> str:
        """The id of a new job."""
        found = await self.ok("POST", "/api/jobs", {"queue": queue, "data": {"n": 1}, **job})
        return str(found["jobId"])

    async def add(self, queue: str, count: int = 1) -> list[str]:
        """The same by the native route."""
        jobs = [{"name": "n", "data": {}} for _ in range(count)]
        return [job["id"] for job in await self.ok("POST", f"/v1/queues/{queue}/jobs", jobs)]


class Operator(Program):
    """Shows the master key."""

    def __init__(self, server: RunningServer) -> None:
        super().__init__(server.port, MASTER)

    async def make(self, name: str = "shop", **settings: Any) -> Program:
        """A new application's program, with the key that came with it."""
        body = {"name": name, "settings": settings} if settings else {"name": name}
        made = (await self.ok("POST", "/api/applications", body))["data"]
        return Program(self.port, made["apiKey"], made["id"])

    async def another(self, program: Program, *roles: str, **terms: Any) -> Program:
        """Another program of the same application."""
        path = f"/v1/applications/{program.application}/keys"
        made = await self.ok("POST", path, {"roles": list(roles), **terms})
        return Program(self.port, made["secret"], program.application)
