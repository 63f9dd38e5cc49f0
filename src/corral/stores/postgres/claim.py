"""claim, renew, rescue and wait: how a worker gets jobs and keeps them."""

from collections.abc import Sequence
from typing import Any

from corral.model.errors import StoreUnavailable
from corral.model.lease import Held
from corral.store.jobs import Claim, ClaimRequest
from corral.stores.postgres.bell import Bell
from corral.stores.postgres.codec import claimed_job
from corral.stores.postgres.database import Database, Row
from corral.stores.postgres.listener import Listener
from corral.stores.postgres.names import Names
from corral.stores.postgres.signs import Signs
from corral.stores.postgres.waiting import Waiting


class Claimer:
    """The claim side of the Postgres store."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def claim(self, queue: str, request: ClaimRequest, now: int) -> Claim:
        rows = await self._database.rows("claim", queue, now, *claim_args(request))
        return read_claim(self._names, queue, request, rows, now)

    async def renew(self, queue: str, held: Sequence[Held], lock_ms: int) -> list[str]:
        ids, tokens = [one.id for one in held], [one.token for one in held]
        lost: list[str] = await self._database.value("renew", queue, ids, tokens, lock_ms, repeat=True)
        return lost

    async def rescue(self, queue: str, max_stalled: int, every_ms: int, now: int) -> list[str]:
        rescued: list[str] = await self._database.value("rescue", queue, max_stalled, every_ms, now, repeat=True)
        return rescued


class NotifiedWaiter:
    """Waits for what every add notifies; hears it from its beginning on, so that nothing falls between two waits."""

    def __init__(
        self, database: Database, listener: Listener, waiting: Waiting, signs: Signs, queue: str, name: str | None
    ) -> None:
        self._database = database
        self._listener = listener
        self._waiting = waiting
        self._signs = signs
        self._queue = queue
        self._name = name
        self._bell = Bell(listener, "bullmq_jobs", queue)
        self._ticket: object | None = None

    async def wait(self, timeout: float) -> float | None:
        """A notification does not say when its job is due, so the answer is always to look now."""
        if self._ticket is None:
            self._ticket = self._waiting.enter(self._queue, self._name)
            self._bell.__enter__()
            return 0
        if not self._listener.is_ready:
            raise StoreUnavailable("Postgres cannot be reached: no connection that listens")
        if self._signs.take(self._queue):
            return 0
        most = self._database.limits.poll_every
        with self._signs.waits(self._queue, self._bell):
            rang = await self._bell.rang(min(timeout, most))
        return 0 if rang or timeout > most else None

    async def pass_on(self) -> None:
        await self._database.rows("wake", self._queue, repeat=True)

    async def close(self) -> None:
        if self._ticket is not None:
            self._waiting.leave(self._ticket)
            self._bell.__exit__(None, None, None)
            self._ticket = None


def claim_args(request: ClaimRequest) -> tuple[Any, ...]:
    """Count, owner, serial, lock, limiter and name, as the functions take them."""
    most, duration = request.limiter or (None, None)
    return request.count, request.owner, request.serial, request.lock_ms, most, duration, request.name


def read_claim(names: Names, queue: str, request: ClaimRequest, rows: Sequence[Row], now: int) -> Claim:
    """What was claimed, by the rows that are jobs and the facts about the queue."""
    deadline, owner, serial = now + request.lock_ms, request.owner, request.serial
    jobs, facts = [], {}
    for row in rows:
        if row["fact"] is None:
            jobs.append(claimed_job(names, queue, row, f"{owner}:{serial + row['amount']}", deadline))
        else:
            facts[row["fact"]] = row["amount"]
    return Claim(
        jobs=jobs,
        limited_ms=facts.get("limited") or 0,
        next_due=facts.get("due") or 0,
        maxed="maxed" in facts,
    )
