"""A corral server inside the test's own process, on a free port, over a real engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from corral.wiring.connection_url import is_postgres
from corral.wiring.process import Process
from corral.wiring.settings import Settings

TOKEN = "test-token"


class RunningServer:
    """Where a server listens; `process` is the real thing, for tests that look inside."""

    def __init__(self, process: Process, settings: Settings) -> None:
        self.process = process
        self.settings = settings
        self.token = settings.auth_tokens[0] if settings.auth_tokens else ""

    @property
    def port(self) -> int:
        return self.process.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@asynccontextmanager
async def running_server(url: str, *, grace: float = 5.0, **settings: Any) -> AsyncIterator[RunningServer]:
    """Serve what is at the URL of a Redis or a Postgres until the block ends.

    `settings` are fields of `Settings`; the token is `TOKEN` unless given.
    """
    engine = {"database_url": url} if is_postgres(url) else {"redis_url": url}
    chosen = Settings(**{"port": 0, "auth_tokens": (TOKEN,), **engine, **settings})
    process = Process(chosen)
    await process.start()
    try:
        yield RunningServer(process, chosen)
    finally:
        await process.stop(grace)
