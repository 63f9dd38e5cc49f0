"""The same stage on Postgres: durable commits, and every run on new tables."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.load import cpu_of
from benchmarks.stage import Stage
from corral.testing.postgres import RunningPostgres

_BARS = {"single": 3.0, "library": 5.0, "library-single": 3.0}
_NAME = "bench"
_COUNT = "SELECT count(*) FROM bullmq.job WHERE queue = 'mail' AND state = $1::bullmq.job_state"


class PostgresStage(Stage):
    """Node is BullMQ 6 on the same database."""

    filler = "bullmq6"
    jobs_per_second = 12_000
    node_jobs_per_second = 3_000
    look_seconds = 0.5  # counting costs the engine
    _variable = "DATABASE_URL"

    def __init__(self, postgres: RunningPostgres, folder: Path, seconds: float, profile: Path | None) -> None:
        self.seconds = seconds
        self.warm_up = 1.0
        self.folder = folder
        self._profile = profile
        self._postgres = postgres
        self._url = postgres.create_migrated(_NAME)

    @property
    def url(self) -> str:
        return self._url

    def bar(self, question: str, usual: float | None) -> float | None:
        return _BARS.get(question)

    def clear(self) -> None:
        self.database(_NAME, migrated=True)

    def database(self, name: str, *, migrated: bool = False) -> str:
        """A new database beside that of corral and BullMQ, with empty tables of theirs if `migrated`; its URL."""
        self._postgres.drop(name)
        url = self._postgres.create_migrated(name) if migrated else self._postgres.create(name)
        ask(url, "CHECKPOINT")
        return url

    def engine_cpu(self) -> float:
        """Of all processes of the server, those that have ended included."""
        stat = Path(f"/proc/{self._postgres.pid}/stat").read_text().rpartition(")")[2].split()
        gone = (int(stat[13]) + int(stat[14])) / 100
        children = Path(f"/proc/{self._postgres.pid}/task/{self._postgres.pid}/children").read_text().split()
        return gone + sum(cpu_of(int(pid)) for pid in children)

    def added(self) -> int:
        return int(ask(self._url, "SELECT count(*) FROM bullmq.job WHERE queue = 'mail'"))

    def ended(self, state: str) -> int:
        return int(ask(self._url, _COUNT, state))

    def _place(self) -> dict[str, Any]:
        return {"url": self._url}


def ask(url: str, statement: str, *args: Any) -> Any:
    """The value that the statement gives."""

    async def answer() -> Any:
        session = await asyncpg.connect(url)
        try:
            return await session.fetchval(statement, *args)
        finally:
            await session.close()

    return asyncio.run(answer())
